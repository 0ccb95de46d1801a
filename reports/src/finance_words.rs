//! Every word of the finance reports, in both languages: a word that is missing in one does not
//! compile.

use crate::locale::Language;

macro_rules! words {
    ($($name:ident: $english:literal, $portuguese:literal;)*) => {
        /// The words of one language.
        #[derive(Debug)]
        pub(crate) struct Words { $(pub(crate) $name: &'static str,)* }

        static ENGLISH: Words = Words { $($name: $english,)* };
        static PORTUGUESE: Words = Words { $($name: $portuguese,)* };
    };
}

impl Words {
    pub(crate) fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Portuguese => &PORTUGUESE,
        }
    }
}

words! {
    // Names of the sheets: at most 31 letters.
    summary: "Summary", "Resumo";
    assumptions: "Assumptions", "Premissas";
    prices: "Prices", "Preços";
    calculation: "Calculation", "Cálculo";
    monthly_usage: "Usage by month", "Uso por mês";
    months: "Months", "Meses";
    sensitivity: "Sensitivity", "Sensibilidade";
    scenarios: "Scenarios", "Cenários";
    reconciliation: "Reconciliation", "Conciliação";

    title: "Cost of the order pipeline", "Custo do processamento de pedidos";
    of_run: "measured in run", "medido na execução";
    of_forecast: "forecast; everything is assumed", "previsão; tudo é premissa";
    list_prices: "list prices in USD before tax, published", "preços de tabela em USD, sem impostos, publicados em";
    region: "region", "região";
    amount: "amount", "valor";
    expected: "as assumed", "conforme as premissas";
    month_1: "month 1", "mês 1";
    month_n: "month", "mês";
    year_1: "year 1", "ano 1";
    year_n: "year", "ano";
    all_months: "all months", "todos os meses";
    verdict: "The verdict", "O veredito";
    per_order: "Cost of an order", "Custo de um pedido";
    per_order_own: "in its own month, without retention", "no próprio mês, sem a guarda dos documentos";
    per_order_kept: "afterwards, until its documents are deleted", "depois, até a exclusão dos documentos";
    per_order_all: "with retention", "com a guarda dos documentos";
    per_million: "a million orders", "um milhão de pedidos";
    one_order: "one order", "um pedido";
    bands_note: "p10, p50 and p90: of ten drawn futures one costs less than p10, five less than p50, nine less than p90. They are stated values; what is priced beside them is a formula.",
        "p10, p50 e p90: de dez futuros sorteados, um custa menos que p10, cinco menos que p50, nove menos que p90. São valores informados; o que está calculado ao lado é fórmula.";

    input: "input", "parâmetro";
    value: "value", "valor";
    unit: "unit", "unidade";
    source: "source", "fonte";
    date: "date", "data";
    kind: "measured or assumed", "medido ou premissa";
    measured: "measured", "medido";
    derived: "derived", "derivado";
    assumed: "assumed", "premissa";
    simulated: "simulated", "simulado";
    default_of: "default of vazao, docs/forecast.md", "padrão do vazao, docs/forecast.md";
    stated_in_file: "stated in the forecast's file", "informado no arquivo da previsão";
    stated_rate: "stated by whoever asked for this file; change it here", "informada por quem pediu este arquivo; altere aqui";
    fx: "reais for a US dollar", "reais por dólar";
    model: "the cost model", "o modelo de custos";
    bill_orders: "orders of the bill", "pedidos da fatura";
    floor: "a month without orders", "um mês sem pedidos";
    retention: "an order after its own month", "um pedido depois do próprio mês";
    choices: "what is assumed of the system", "o que se supõe do sistema";

    service: "service", "serviço";
    item: "item", "item";
    usage_type: "usage type", "tipo de uso";
    rate_code: "rate code", "código da tarifa";
    tier_from: "from", "de";
    tier_to: "to", "até";
    unit_price: "unit price, USD", "preço unitário, USD";
    price_step: "step to the tier before, USD", "diferença para a faixa anterior, USD";
    published: "published", "publicado em";
    free_units: "free units", "unidades gratuitas";
    no_end: "no end", "sem limite";

    quantity: "quantity", "quantidade";
    quantity_in_tier: "quantity in this tier", "quantidade nesta faixa";
    how_made: "how the quantity was made", "como a quantidade foi obtida";
    amount_usd: "amount, USD", "valor, USD";
    amount_brl: "amount, BRL", "valor, BRL";
    total: "total", "total";
    calculation_of_run: "What the run used, priced: each unit at the price of its own tier. Change a blue cell, and everything follows.",
        "O que a execução usou, com preço: cada unidade pelo preço da sua faixa. Altere uma célula azul e todo o resto acompanha.";
    calculation_of_month: "The first month, priced: each unit at the price of its own tier. Change a blue cell, and everything follows.",
        "O primeiro mês, com preço: cada unidade pelo preço da sua faixa. Altere uma célula azul e todo o resto acompanha.";

    month: "month", "mês";
    orders: "orders", "pedidos";
    usage_note: "Quantities of each month, from the cost model. The sheet of the months multiplies them by the prices, tier by tier.",
        "Quantidades de cada mês, do modelo de custos. A planilha dos meses multiplica cada uma pelo preço, faixa a faixa.";
    year: "year", "ano";
    cost_by_service: "Cost by service, USD a month", "Custo por serviço, USD por mês";
    cost_bands: "Cost of a month, USD", "Custo de um mês, USD";

    input_low: "at its p10", "no p10";
    input_high: "at its p90", "no p90";
    total_low: "total at p10, USD", "total no p10, USD";
    total_high: "total at p90, USD", "total no p90, USD";
    change_low: "change at p10, USD", "variação no p10, USD";
    change_high: "change at p90, USD", "variação no p90, USD";
    effect: "effect, USD", "efeito, USD";
    median_total: "total with every input at its median, USD", "total com todos os parâmetros na mediana, USD";
    tornado: "What matters most: the total if one input is at its p10 or p90, USD",
        "O que mais pesa: o total com um parâmetro no seu p10 ou p90, USD";

    scenario: "scenario", "cenário";
    alternative: "one thing changed", "uma coisa alterada";
    per_month: "USD a month, mean", "USD por mês, média";
    difference: "difference a month, USD", "diferença por mês, USD";
    difference_percent: "difference", "diferença";
    besides: "what it costs besides money", "o que custa além de dinheiro";
    layouts: "ways to keep the documents", "formas de guardar os documentos";
    storage: "storage", "armazenamento";
    puts: "PUT", "PUT";
    monitoring: "monitoring", "monitoramento";
    reads: "reads", "leituras";
    compute: "compute", "computação";
    as_it_is: "as it is", "como está";

    predicted: "predicted, USD", "previsto, USD";
    actual: "billed by AWS, USD", "cobrado pela AWS, USD";
    actual_quantity: "billed quantity", "quantidade cobrada";
    variance: "variance, USD", "variação, USD";
    variance_percent: "variance", "variação";
    reconciliation_note: "Put what AWS billed into the yellow cells: cost by usage type of the same period, without tax. The rest are formulas.",
        "Preencha as células amarelas com o que a AWS cobrou: custo por tipo de uso do mesmo período, sem impostos. O resto são fórmulas.";

    // The PDF.
    page: "page", "página";
    the_answer: "What it costs", "Quanto custa";
    page_bill: "The bill, and what Intelligent-Tiering does", "A fatura e o que o Intelligent-Tiering faz";
    page_basis: "What this rests on", "Em que isto se baseia";
    drivers: "What drives it", "O que pesa no custo";
    tiering: "S3 Intelligent-Tiering on these documents", "S3 Intelligent-Tiering nestes documentos";
    remedy: "The remedy", "O remédio";
    sources: "Sources of the prices", "Fontes dos preços";
    not_included: "What is not included", "O que não está incluído";
    signature: "Read and approved", "Lido e aprovado";
    place_date: "place and date", "local e data";
    name_role: "name and role", "nome e cargo";
    usd_of_all_months: "USD, all months", "USD, todos os meses";
    more_inputs: "The other inputs are in cost.xlsx, sheet", "Os demais parâmetros estão em cost.xlsx, planilha";
    per_order_short: "without retention", "sem a guarda";
    stated_here: "stated rate", "taxa informada";
    source_names: "Names of the sources and how sure each is (A to D): costmodel/prices/README.md.",
        "Nomes das fontes e o quanto cada uma é segura (A a D): costmodel/prices/README.md.";
    bill_of_run: "The bill of the run", "A fatura da execução";
    bill_of_month: "The bill of month 1", "A fatura do mês 1";
    other_lines: "other lines", "outras linhas";
}
