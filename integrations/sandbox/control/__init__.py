"""Control: the endpoints under /_sandbox, the start page, and the state that they change."""
