//! Text before meaning: splitting a body into lines, unwrapping hard-wrapped text.
