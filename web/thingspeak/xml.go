package thingspeak

import (
	"bytes"
	"encoding/xml"
	"strconv"
	"strings"
)

const xmlHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

// appendElement writes a value as XML in the manner of the first ThingSpeak:
// names with dashes, whole numbers, truths and times with their type, what was
// never set as nil.
func appendElement(b *bytes.Buffer, name string, v any) {
	name = strings.ReplaceAll(name, "_", "-")
	switch v := v.(type) {
	case string:
		element(b, name, "", func() { _ = xml.EscapeText(b, []byte(v)) })
	case int64:
		element(b, name, ` type="integer"`, func() { b.WriteString(strconv.FormatInt(v, 10)) })
	case bool:
		element(b, name, ` type="boolean"`, func() { b.WriteString(strconv.FormatBool(v)) })
	case moment:
		element(b, name, ` type="dateTime"`, func() { b.WriteString(v.String()) })
	case object:
		element(b, name, "", func() { appendElements(b, v) })
	case list:
		element(b, name, ` type="array"`, func() {
			for _, o := range v.of {
				appendElement(b, v.item, o)
			}
		})
	case *string:
		if v != nil {
			appendElement(b, name, *v)
			return
		}
		appendElement(b, name, nil)
	default:
		b.WriteString("<" + name + ` nil="true"/>`)
	}
}

func element(b *bytes.Buffer, name, attributes string, inside func()) {
	b.WriteString("<" + name + attributes + ">")
	inside()
	b.WriteString("</" + name + ">")
}

func appendElements(b *bytes.Buffer, o object) {
	for _, m := range o {
		appendElement(b, m.name, m.value)
	}
}

// asElement is a whole document.
func asElement(name string, v any) []byte {
	var b bytes.Buffer
	b.WriteString(xmlHead)
	appendElement(&b, name, v)
	b.WriteByte('\n')
	return b.Bytes()
}
