package ui

// two tells whether there is another line to draw.
func (c Chart) two() bool { return c.With != nil && len(c.With.Points) > 1 }

// spans are where the lines lie. What is measured in the same unit has one scale,
// so that the lines can be compared; else, or where no unit is known, the other
// line has its own at the right.
func (c Chart) spans() (first, other span) {
	switch {
	case !c.two():
		first = c.span()
		return first, first
	case c.With.Unit == c.Unit && c.Unit != "":
		first = c.spanOf(roll(append(c.Points[:len(c.Points):len(c.Points)], c.With.Points...)))
		return first, first
	}
	first, other = c.span(), c.With.span()
	first.right, other.right = chartLeft, chartLeft
	other.from, other.to = first.from, first.to
	return first, other
}

// lines are the charts of a picture, each with its own numbers.
func (c Chart) lines() []Chart {
	if c.two() {
		return []Chart{c, *c.With}
	}
	return []Chart{c}
}

// withData tells the script of the other line.
func (c Chart) withData() map[string]any {
	if !c.two() {
		return nil
	}
	return map[string]any{"data-label": c.Label, "data-with-id": c.With.ID, "data-with-src": c.With.Src, "data-with-unit": c.With.Unit, "data-with-label": c.With.Label}
}
