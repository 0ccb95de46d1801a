//! What every page has: one file that needs no network, with its style and its script inside.

use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("page.js");

/// What a page says above everything else.
pub(crate) struct Head {
    /// The window's title.
    pub(crate) title: String,
    /// `holds`, `broken` or `unshown`: the colour.
    pub(crate) class: &'static str,
    /// What the page is about, in small print.
    pub(crate) kicker: String,
    pub(crate) headline: String,
    pub(crate) explanation: Markup,
}

/// A page; `contents` are the sections' ids and titles, for the list beside them.
pub(crate) fn page(head: &Head, contents: &[(&str, &str)], body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                // Browsers ask for an icon otherwise.
                link rel="icon" href="data:,";
                title { (head.title) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                header class=(head.class) {
                    div.inner {
                        p.kicker { (head.kicker) }
                        h1 { (head.headline) }
                        div.lead { (head.explanation) }
                    }
                }
                div.frame {
                    @if !contents.is_empty() {
                        nav.contents aria-label="Contents" {
                            ol { @for (id, title) in contents { li { a href={ "#" (id) } { (title) } } } }
                        }
                    }
                    main #main tabindex="-1" { (body) }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
    .into_string()
}

/// A section that can be linked to.
pub(crate) fn section(id: &str, title: &str, body: &Markup) -> Markup {
    html! {
        section id=(id) aria-labelledby={ (id) "-title" } {
            h2 id={ (id) "-title" } { (title) }
            (body)
        }
    }
}

/// A table that is wider than a small screen scrolls by itself, also by keyboard.
pub(crate) fn scrolling(name: &str, table: &Markup) -> Markup {
    html! { div.scrolling role="region" aria-label=(name) tabindex="0" { (table) } }
}
