package schema

import (
	"encoding/json"
	"sort"
	"strconv"
	"strings"
)

// equal reports whether two JSON values are equal: numbers by value, objects without order.
func equal(a, b any) bool { return canonicalValue(a) == canonicalValue(b) }

// canonicalValue returns a text that is equal exactly for equal values.
func canonicalValue(v any) string {
	var b strings.Builder
	writeValue(&b, v)
	return b.String()
}

func writeValue(b *strings.Builder, v any) {
	switch v := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		b.WriteString(strconv.FormatBool(v))
	case string:
		b.WriteString(strconv.Quote(v))
	case json.Number:
		if n, err := parseNumber(v); err == nil {
			b.WriteString(n.String())
		} else {
			b.WriteString(string(v))
		}
	case []any:
		b.WriteByte('[')
		for _, e := range v {
			writeValue(b, e)
			b.WriteByte(',')
		}
		b.WriteByte(']')
	case *object:
		keys := append([]string(nil), v.keys...)
		sort.Strings(keys)
		b.WriteByte('{')
		for _, k := range keys {
			b.WriteString(strconv.Quote(k))
			b.WriteByte(':')
			writeValue(b, v.vals[k])
			b.WriteByte(',')
		}
		b.WriteByte('}')
	}
}
