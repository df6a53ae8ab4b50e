//! The form for who has not shown the token yet. It says nothing of the worker.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::STYLE;

/// The whole sheet; `again`: what was shown is not the token.
pub(super) fn sheet(again: bool) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "copydesk · sign in" }
                link rel="icon" href="data:,";
                style { (PreEscaped(STYLE)) }
            }
            body {
                header { h1 { "copydesk" } }
                main {
                    form.sign-in method="post" action="/sign-in" {
                        @if again { p.refused role="alert" { "That is not the token of this worker." } }
                        label for="token" { "Token of this worker (" code { "admin.token" } ")" }
                        // For what keeps passwords.
                        input type="text" name="username" value="copydesk" autocomplete="username" hidden;
                        input #token type="password" name="token" required autofocus
                            autocomplete="current-password" spellcheck="false";
                        p.actions { button type="submit" { "Sign in" } }
                        p.quiet {
                            "For twelve hours, by a cookie of this browser. Scripts send "
                            code { "Authorization: Bearer …" } "."
                        }
                    }
                }
            }
        }
    }
}
