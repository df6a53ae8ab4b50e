//! The frame of every HTML document of the admin server, and the sign-in form, which shows nothing of the worker.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::STYLE;

/// A whole document with this title and this content of its body.
pub(super) fn document(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "copydesk · " (title) }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    }
}

/// The sign-in form; `again`: the token was wrong.
pub(super) fn sign_in(again: bool) -> Markup {
    let body = html! {
        header { h1 { "copydesk" } }
        main {
            form.sign-in method="post" action="/sign-in" {
                @if again { p.refused role="alert" { "That is not the token of this worker." } }
                label for="token" { "Token of this worker (" code { "admin.token" } ")" }
                // For password managers.
                input type="text" name="username" value="copydesk" autocomplete="username" hidden;
                input #token type="password" name="token" required autofocus
                    autocomplete="current-password" spellcheck="false";
                p.actions { button type="submit" { "Sign in" } }
                p.quiet {
                    "The session lasts twelve hours and is kept in a cookie of this browser. Scripts send "
                    code { "Authorization: Bearer …" } "."
                }
            }
        }
    };
    document("sign in", &body)
}
