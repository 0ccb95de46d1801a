//! What a template says, and what it may not say.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::*;

struct Request {
    body: String,
    json: Value,
}

impl Request {
    fn new(body: &str) -> Self {
        let json = serde_json::from_str(body).unwrap_or(Value::Null);
        Request { body: body.to_owned(), json }
    }
}

impl Scope for Request {
    fn body(&self) -> &str {
        &self.body
    }
    fn json(&self) -> Option<&Value> {
        Some(&self.json)
    }
    fn parameter(&self, kind: ParameterKind, name: &str) -> Option<Cow<'_, str>> {
        match (kind, name) {
            (ParameterKind::Path, "id") => Some(Cow::Borrowed("A-7")),
            (ParameterKind::Query, "id") => Some(Cow::Borrowed("from the query")),
            (ParameterKind::Header, "Via") => Some(Cow::Borrowed("1.1 proxy")),
            _ => None,
        }
    }
    fn context(&self, name: &str) -> Option<Cow<'_, str>> {
        match name {
            "requestId" => Some(Cow::Borrowed("r-1")),
            "identity.userArn" => Some(Cow::Borrowed("arn:aws:iam::1:user/partners/acme")),
            "identity.clientCert.subjectDN" => Some(Cow::Borrowed("CN=acme,O=Acme,C=BR")),
            _ => None,
        }
    }
    fn stage_variable(&self, name: &str) -> Option<&str> {
        (name == "version").then_some("3")
    }
}

fn render(template: &str) -> String {
    render_with(template, r#"{"a": {"b": "x y&z"}, "list": [1, 2, 3], "t": true}"#)
}

fn render_with(template: &str, body: &str) -> String {
    let compiled = Template::compile(template).unwrap_or_else(|e| panic!("{template}: {e:?}"));
    compiled.render(&Request::new(body)).unwrap()
}

fn refusal(template: &str) -> VtlError {
    Template::compile(template).map(|_| ()).expect_err(template)
}

#[test]
fn references_print_what_they_name() {
    for (template, expected) in [
        ("$context.requestId!", "r-1!"),
        ("${context.requestId}s", "r-1s"),
        ("$input.params('id')", "A-7"),
        ("$input.params().querystring.id", "from the query"),
        ("$input.params().header.get('Via')", "1.1 proxy"),
        ("[$input.params('none')]", "[]"),
        ("[$context.identity.sourceIp]", "[]"),
        ("$input.path('$.a.b')", "x y&z"),
        ("$input.path('$.list')", "[1, 2, 3]"),
        ("$input.path('$.a')", "{b=x y&z}"),
        ("$input.json('$.a')", r#"{"b":"x y&z"}"#),
        ("$input.json('$.list[1]')", "2"),
        ("$stageVariables.version", "3"),
        ("$unknown $!unknown ${unknown}", "$unknown  ${unknown}"),
        ("US$5 and $ 5", "US$5 and $ 5"),
        ("See $context.requestId.", "See r-1."),
        ("#fff #1", "#fff #1"),
    ] {
        assert_eq!(render(template), expected, "{template}");
    }
}

#[test]
fn util_encodes_as_java_does() {
    // java.net.URLEncoder: letters, digits and .-*_ stay, a space is a plus sign.
    let cases = [
        (
            "$util.urlEncode($input.body)",
            "Johnson & Johnson +55 70%20ml",
            "Johnson+%26+Johnson+%2B55+70%2520ml",
        ),
        ("$util.urlEncode($input.body)", "a.-*_~é€😀", "a.-*_%7E%C3%A9%E2%82%AC%F0%9F%98%80"),
        ("$util.urlDecode($input.body)", "Johnson+%26+%C3%A9", "Johnson & é"),
        (
            "$util.escapeJavaScript($input.body)",
            "it's \"a/b\"\n\\é😀",
            r#"it\'s \"a\/b\"\n\\\u00E9\uD83D\uDE00"#,
        ),
        ("$util.base64Encode($input.body)", "é", "w6k="),
        ("$util.base64Decode($input.body)", "w6k=", "é"),
        ("$util.parseJson($input.body).k[1]", r#"{"k": [7, 8]}"#, "8"),
    ];
    for (template, body, expected) in cases {
        assert_eq!(render_with(template, body), expected, "{template}");
    }
}

#[test]
fn directives_decide_and_repeat() {
    for (template, expected) in [
        ("#set($x = 'a')$x", "a"),
        ("#set($x = \"<$context.requestId>\")$x", "<r-1>"),
        ("#set($x = '$context.requestId')$x", "$context.requestId"),
        ("#set($n = 2 + 3 * 4 - 1)$n", "13"),
        ("#set($n = (2 + 3) * 4)$n", "20"),
        ("#set($n = 7 / 2)#set($m = 7 % 4)$n $m", "3 3"),
        ("#set($s = 'a' + 1)$s", "a1"),
        ("#set($x = 'old')#set($x = $input.path('$.none'))$x", "old"),
        ("#if($input.path('$.t'))yes#{else}no#end", "yes"),
        ("#if($nothing)yes#elseif(1 > 2)maybe#{else}no#end.", "no."),
        ("#if(!$nothing && 1 == 1 and 'a' eq \"a\")yes#end", "yes"),
        ("#if($context.requestId != 'r-1' || false)yes#else no#end", " no"),
        ("#foreach($i in $input.path('$.list'))$i#if($foreach.hasNext),#end#end", "1,2,3"),
        ("#foreach($i in [1..3])$foreach.index$i #end", "01 12 23 "),
        ("#foreach($i in ['a', 'b'])$foreach.count$i#end", "1a2b"),
        ("#set($l = [5, 6])$l.size() $l[1] $l.get(0)", "2 6 5"),
        ("one## a comment\n two #* and\nanother *#three", "one two three"),
    ] {
        assert_eq!(render(template), expected, "{template}");
    }
}

#[test]
fn methods_of_java_work_on_values() {
    for (template, expected) in [
        (r#"$context.identity.userArn.replaceAll("^.*/", "")"#, "acme"),
        ("$context.identity.userArn.split('/')[1]", "partners"),
        ("$context.identity.clientCert.subjectDN.replaceAll('^CN=([a-z]+)(,.*)?$', '$1')", "acme"),
        ("$context.requestId.length()", "3"),
        ("$context.requestId.substring(2)", "1"),
        ("$context.requestId.substring(0, 1).toUpperCase()", "R"),
        ("$context.requestId.replace('-', '+')", "r+1"),
        ("$context.requestId.startsWith('r')", "true"),
        ("$context.requestId.indexOf('1')", "2"),
        ("$context.requestId.matches('r')", "false"),
        ("$input.path('$.a').keySet()", "[b]"),
        ("$input.path('$.a').containsKey('c')", "false"),
    ] {
        assert_eq!(render(template), expected, "{template}");
    }
}

#[test]
fn a_directive_takes_its_line_with_it() {
    let template = "a\n  #set($x = 1)\n  #if($x == 1)  \nb\n  #end\nc";
    assert_eq!(render(template), "a\nb\nc");
}

#[test]
fn what_is_not_imitated_is_refused_with_its_line() {
    for (template, line, word) in [
        ("a\n#macro(x)", 2, "#macro"),
        ("a\nb $util.nothing('x')", 2, "$util.nothing"),
        ("$input.bodyy", 1, "$input.bodyy"),
        ("\n\n$context.nothing", 3, "$context.nothing"),
        ("$context", 1, "$context"),
        ("$x.shout()", 1, "shout()"),
        ("$x.substring()", 1, "substring()"),
        ("#set($x.y = 1)", 1, "property"),
        ("#set($m = {'a': 1})", 1, "maps"),
        ("#if(true)\nyes", 1, "#end"),
        ("yes\n#end", 2, "#end"),
        ("#if(true)a#else b#else c#end", 1, "#else"),
        ("$input.json('$..a')", 1, "JSONPath"),
        ("a \\$b", 1, "`\\`"),
        ("#set($x = \"\n$util.nothing(1)\")", 2, "$util.nothing"),
        ("#break", 1, "#break"),
    ] {
        let error = refusal(template);
        assert_eq!(error.line, line, "{template}: {error}");
        assert!(error.problem.contains(word), "{template}: {error}");
    }
}

#[test]
fn a_loop_has_an_end() {
    let template = Template::compile("#foreach($i in [1..1001])x#end").unwrap();
    let error = template.render(&Request::new("")).unwrap_err();
    assert!(error.problem.contains("1000"), "{error}");
    assert_eq!(render("#foreach($i in [1..1000])x#end").len(), 1000);
}

#[test]
fn a_form_survives_any_body() {
    let template = Template::compile("Action=S&MessageBody=$util.urlEncode($input.body)").unwrap();
    let body = json!({"who": "Johnson & Johnson +55 70%20ml", "x": "&Action=T=é\u{1F600}"});
    let form = template.render(&Request::new(&body.to_string())).unwrap();
    let pairs: Vec<_> = form_urlencoded::parse(form.as_bytes()).collect();
    assert_eq!(pairs.len(), 2);
    assert_eq!(pairs[1].1, body.to_string());
}
