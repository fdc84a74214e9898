package thingspeak

import "strconv"

// appendValue writes a value as JSON without a space anywhere: the devices'
// reader searches for `"field1":"`.
func appendValue(b []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendText(b, v)
	case *string:
		if v != nil {
			return appendText(b, *v)
		}
	case int64:
		return strconv.AppendInt(b, v, 10)
	case bool:
		return strconv.AppendBool(b, v)
	case moment:
		return append(v.In(v.zone).AppendFormat(append(b, '"'), "2006-01-02T15:04:05Z07:00"), '"')
	case object:
		for i, m := range v {
			b = append(append(append(b, comma(i, '{'), '"'), m.name...), `":`...)
			b = appendValue(b, m.value)
		}
		return closed(b, len(v), '{', '}')
	case list:
		for i, o := range v.of {
			b = appendValue(append(b, comma(i, '[')), o)
		}
		return closed(b, len(v.of), '[', ']')
	}
	return append(b, "null"...)
}

func comma(i int, first byte) byte {
	if i == 0 {
		return first
	}
	return ','
}

func closed(b []byte, n int, open, end byte) []byte {
	if n == 0 {
		b = append(b, open)
	}
	return append(b, end)
}

const digits = "0123456789abcdef"

// appendText writes a text as JSON. Nothing but what must be is escaped: the
// devices' reader decodes no escapes.
func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < 0x20:
			b = append(b, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// maxCallback is the longest name of a function, in bytes.
const maxCallback = 128

// callback is the function that a page on another origin wants the answer handed
// to; empty if none. Anything that is no plain name would be script of a
// stranger's on our origin, and is as if it were not there.
func callback(p Params) string {
	name := p.Text("callback")
	if name == "" || len(name) > maxCallback {
		return ""
	}
	for i, c := range []byte(name) {
		letter := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c == '$'
		if !letter && (i == 0 || (c < '0' || c > '9') && c != '.') {
			return ""
		}
	}
	return name
}
