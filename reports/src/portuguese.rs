//! The cost model's names in Brazilian Portuguese: items, units, changes, layouts. They are made of
//! few phrases, so phrases are translated; AWS's own names for what AWS counts stay as they are.

use std::borrow::Cow;

use crate::locale::Language;

/// Phrase by phrase, in this order: what contains another comes before it.
const PHRASES: &[(&str, &str)] = &[
    // Changes and what they cost besides.
    (
        "no usage plans, API keys, schema validation or body templates: partners' limits and validation move into the function",
        "sem planos de uso, chaves de API, validação de esquema nem modelos de corpo: limites e validação dos parceiros passam para a função",
    ),
    ("none: usage plans and validation come with it", "nada: planos de uso e validação vêm junto"),
    ("documents go through the NAT gateway", "os documentos passam pelo NAT gateway"),
    ("no way to the internet: AWS services only", "sem saída para a internet: só serviços da AWS"),
    ("no way to a database in a VPC", "sem acesso a um banco de dados em VPC"),
    (
        "servers to size for the peak, patch and scale",
        "servidores a dimensionar pelo pico, atualizar e escalar",
    ),
    ("an order takes", "um pedido leva"),
    ("an order waits up to", "um pedido espera até"),
    ("before it is processed", "antes de ser processado"),
    ("instead of", "em vez de"),
    ("of memory", "de memória"),
    ("no batch window", "sem janela de lote"),
    ("batch window of", "janela de lote de"),
    ("no VPC", "sem VPC"),
    ("VPC with NAT", "VPC com NAT"),
    ("VPC with endpoints", "VPC com endpoints"),
    ("and load balancer", "e balanceador de carga"),
    ("as it is", "como está"),
    // Latency and complexity of layouts.
    (
        "a document is durable in S3 when its bundle is full:",
        "um documento só está durável no S3 quando o pacote enche:",
    ),
    (
        "of orders; until then its order waits in the queue",
        "de pedidos; até lá o pedido espera na fila",
    ),
    (
        "a read of an old order waits for 12 to 48 hours",
        "a leitura de um pedido antigo espera de 12 a 48 horas",
    ),
    ("a PDF is rendered while its reader waits", "um PDF é gerado enquanto o leitor espera"),
    ("none: what the reference system does", "nenhuma: é o que o sistema de referência faz"),
    (
        "low: a container format of two parts; a reader takes the part that it wants",
        "baixa: um formato de duas partes; o leitor pega a parte que quer",
    ),
    (
        "high: an index row (key, offset, length) for each order, written once under at-least-once delivery; deletion and legal hold of one order need a new bundle",
        "alta: uma linha de índice (chave, posição, tamanho) por pedido, gravada uma só vez apesar de entregas repetidas; excluir ou reter um pedido exige um novo pacote",
    ),
    (
        "medium: the hot path stays as it is; a nightly compactor with an index row for each order, and deletion of what it has verified",
        "média: o caminho principal fica como está; um compactador noturno com uma linha de índice por pedido, e exclusão do que ele verificou",
    ),
    (
        "low: rendering must stay byte for byte the same, or the first PDF is no evidence",
        "baixa: a geração tem de dar os mesmos bytes sempre, ou o primeiro PDF não serve de prova",
    ),
    ("latency:", "latência:"),
    ("complexity:", "complexidade:"),
    // Layouts.
    ("two objects an order", "dois objetos por pedido"),
    ("one object an order", "um objeto por pedido"),
    ("bundles of", "pacotes de"),
    ("XML only", "só o XML"),
    // Items.
    ("empty receives of the event source mapping", "leituras vazias da fila"),
    ("REST API requests", "requisições da API REST"),
    ("HTTP API requests", "requisições da API HTTP"),
    ("standard queue requests", "requisições da fila padrão"),
    ("restore requests", "pedidos de restauração"),
    ("servers' logs ingested", "logs dos servidores recebidos"),
    ("Lambda logs ingested", "logs da Lambda recebidos"),
    ("vended logs ingested", "logs dos serviços da AWS recebidos"),
    ("logs ingested", "logs recebidos"),
    ("logs stored", "logs guardados"),
    ("larger objects", "objetos maiores"),
    ("objects under 128 KB", "objetos com menos de 128 KB"),
    ("monitoring and automation", "monitoramento e automação"),
    ("transitions into Deep Archive", "transições para Deep Archive"),
    ("interface endpoints", "endpoints de interface"),
    ("endpoint data", "dados pelos endpoints"),
    ("data", "dados"),
    ("retrieval", "recuperação"),
    ("duration", "duração"),
    ("memory", "memória"),
    ("alarm-months", "alarmes-mês"),
    ("dashboard-months", "painéis-mês"),
    ("dashboards", "painéis"),
    ("alarms", "alarmes"),
    ("capacity units", "unidades de capacidade"),
    // How a quantity was made. AWS's verbs stay: send, receive, delete, init.
    ("objects of 128 KB and more", "objetos de 128 KB ou mais"),
    ("calls received", "chamadas recebidas"),
    ("empty receives", "leituras vazias"),
    ("empty receive", "receive vazio"),
    ("orders not yet compacted", "pedidos ainda não compactados"),
    ("orders compacted and kept", "pedidos compactados e guardados"),
    ("orders compacted", "pedidos compactados"),
    ("orders kept", "pedidos guardados"),
    ("orders read before compaction", "pedidos lidos antes da compactação"),
    ("orders read after compaction", "pedidos lidos após a compactação"),
    ("orders read", "pedidos lidos"),
    ("orders in", "pedidos em"),
    ("one a batch", "uma por lote"),
    ("never read", "nunca lidos"),
    ("month(s)", "mês(es)"),
    // Units.
    ("GB-months", "GB-mês"),
    ("object-months", "objetos-mês"),
    ("key-months", "chaves-mês"),
    ("GB-seconds", "GB-segundos"),
    ("GB-hours", "GB-horas"),
    ("vCPU-hours", "vCPU-horas"),
    ("invocations", "invocações"),
    ("requests", "requisições"),
    ("bytes", "bytes"),
    ("orders", "pedidos"),
    ("items", "itens"),
    ("months", "meses"),
    ("minutes", "minutos"),
    ("hours", "horas"),
    ("days", "dias"),
    ("after", "após"),
    ("reads", "leituras"),
    ("times", "vezes"),
    ("keys", "chaves"),
    ("zones", "zonas"),
    ("servers", "servidores"),
    ("none", "nada"),
    ("the defaults", "as premissas padrão"),
];

/// The inputs that are drawn by default, for people: key, English, Portuguese.
const INPUTS: &[(&str, &str, &str)] = &[
    ("orders.per_day", "orders a day", "pedidos por dia"),
    ("orders.items", "items of an order", "itens por pedido"),
    ("documents.xml_bytes", "size of the NF-e", "tamanho da NF-e"),
    ("documents.pdf_bytes", "size of the confirmation", "tamanho da confirmação"),
    ("function.wait_ms_per_order", "waiting for database and S3", "espera por banco e S3"),
    ("function.cpu_ms_per_order", "computing time of an order", "tempo de computação por pedido"),
    ("logs.bytes_per_order", "log lines of an order", "logs por pedido"),
    ("queue.retries_percent", "second deliveries", "entregas repetidas"),
    ("reads.early_per_order", "early reads of an order", "leituras iniciais por pedido"),
    (
        "reads.later_per_order_in_30_days",
        "later reads of an order",
        "leituras posteriores por pedido",
    ),
];

/// An input for people; one that is not drawn by default has its key.
pub(crate) fn input(language: Language, key: &'static str) -> &'static str {
    let found = INPUTS.iter().find(|(of, ..)| *of == key);
    found.map_or(key, |(_, english, portuguese)| match language {
        Language::English => english,
        Language::Portuguese => portuguese,
    })
}

/// A name of the cost model in a language.
pub(crate) fn named(language: Language, english: &str) -> Cow<'_, str> {
    match language {
        Language::English => Cow::Borrowed(english),
        Language::Portuguese => {
            let mut text = Cow::Borrowed(english);
            for (phrase, translated) in PHRASES {
                if text.contains(phrase) {
                    text = Cow::Owned(replace_words(&text, phrase, translated));
                }
            }
            text
        }
    }
}

/// Replaces a phrase where it does not begin or end within a word.
fn replace_words(text: &str, phrase: &str, translated: &str) -> String {
    let is_word = |letter: Option<char>| letter.is_some_and(char::is_alphanumeric);
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find(phrase) {
        let (before, after) = (&rest[..at], &rest[at + phrase.len()..]);
        let inside = is_word(before.chars().next_back()) || is_word(after.chars().next());
        out.push_str(before);
        out.push_str(if inside { phrase } else { translated });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_translated_and_words_are_not_cut() {
        let portuguese = |text| named(Language::Portuguese, text).into_owned();
        assert_eq!(
            portuguese("bundles of 1000 after 90 days, Glacier Instant"),
            "pacotes de 1000 após 90 dias, Glacier Instant"
        );
        assert_eq!(portuguese("batch window of 5 s"), "janela de lote de 5 s");
        assert_eq!(portuguese("thereafter"), "thereafter");
        assert_eq!(
            portuguese("7 bytes / 2^30 x 3 month(s), never read"),
            "7 bytes / 2^30 x 3 mês(es), nunca lidos"
        );
        assert_eq!(portuguese("5 receive + 2 empty receive"), "5 receive + 2 receive vazio");
        assert_eq!(named(Language::English, "requests"), "requests");
    }
}
