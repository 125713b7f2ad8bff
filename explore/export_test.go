package explore

// ViolationText makes what Check panics with.
func ViolationText(s string) any { return violation(s) }
