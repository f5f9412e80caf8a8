package jinja

import (
	"math"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonWriter writes JSON as Python's json.dumps does.
type jsonWriter struct {
	builder
	ascii, sort bool
	indent      string // of one level
	lines       bool   // every item on a line of its own
	comma       string
	colon       string
}

// toJSON is the filter of transformers: json.dumps with ensure_ascii off unless asked for, and nothing escaped for HTML.
func toJSON(m *machine, v Value, p params) (Value, error) {
	w := &jsonWriter{builder: builder{m: m}, comma: ", ", colon: ": "}
	var err error
	if w.ascii, err = p.boolArg(m, 0, false); err != nil {
		return nil, err
	}
	if w.sort, err = p.boolArg(m, 3, false); err != nil {
		return nil, err
	}
	if p.present(1) {
		w.lines, w.comma = true, ","
		var ok bool
		if w.indent, ok = text(p.v[1]); !ok {
			n, err := p.intArg("tojson", 1, 0)
			if err != nil {
				return nil, err
			}
			if err := m.fits(max(n, 0)); err != nil {
				return nil, err
			}
			w.indent = strings.Repeat(" ", max(n, 0))
		}
	}
	if p.present(2) {
		if err := w.separators(p.v[2]); err != nil {
			return nil, err
		}
	}
	if err := w.value(v, 0); err != nil {
		return nil, err
	}
	s, err := w.done()
	return String(s), err
}

func (w *jsonWriter) separators(v Value) error {
	pair, err := w.m.items(v)
	if err != nil {
		return err
	}
	if len(pair) != 2 {
		return valueErrf("tojson: separators has length %d, want 2", len(pair))
	}
	var ok1, ok2 bool
	w.comma, ok1 = text(pair[0])
	w.colon, ok2 = text(pair[1])
	if !ok1 || !ok2 {
		return typeErrf("tojson: separators must be two str")
	}
	return nil
}

func (w *jsonWriter) value(v Value, level int) error {
	if err := w.m.enter(); err != nil {
		return err
	}
	defer w.m.leave()
	if s, ok := text(v); ok {
		return w.text(s)
	}
	if s, ok := jsonScalar(v); ok {
		return w.add(s)
	}
	if items, ok := sequence(v); ok {
		return w.block("[]", len(items), level, func(i int) error { return w.value(items[i], level+1) })
	}
	d, ok := v.(*Dict)
	if !ok {
		return typeErrf("Object of type %s is not JSON serializable", v.typeName())
	}
	order, err := w.order(d)
	if err != nil {
		return err
	}
	return w.block("{}", d.Len(), level, func(i int) error {
		if order != nil {
			i = order[i]
		}
		if err := w.key(d.keys[i]); err != nil {
			return err
		}
		if err := w.add(w.colon); err != nil {
			return err
		}
		return w.value(d.vals[i], level+1)
	})
}

// block writes n items between brackets.
func (w *jsonWriter) block(brackets string, n, level int, item func(i int) error) error {
	if n == 0 {
		return w.add(brackets)
	}
	if err := w.add(brackets[:1]); err != nil {
		return err
	}
	for i := range n {
		if i > 0 {
			w.b = append(w.b, w.comma...)
		}
		if err := w.newline(level + 1); err != nil {
			return err
		}
		if err := item(i); err != nil {
			return err
		}
	}
	if err := w.newline(level); err != nil {
		return err
	}
	return w.add(brackets[1:])
}

func (w *jsonWriter) newline(level int) error {
	if !w.lines {
		return nil
	}
	w.b = append(w.b, '\n')
	for range level {
		if err := w.add(w.indent); err != nil {
			return err
		}
	}
	return nil
}

// order returns the order of the sorted keys, or nil where they stay as they are.
func (w *jsonWriter) order(d *Dict) ([]int, error) {
	if !w.sort {
		return nil, nil
	}
	order := make([]int, d.Len())
	for i := range order {
		order[i] = i
	}
	var failed error
	sort.SliceStable(order, func(i, j int) bool {
		if failed != nil {
			return false
		}
		less, err := w.m.less(d.keys[order[i]], d.keys[order[j]])
		if err == nil {
			err = w.m.step(1)
		}
		failed = err
		return less
	})
	return order, failed
}

// key writes a key; numbers, booleans and None become text.
func (w *jsonWriter) key(k Value) error {
	s, ok := text(k)
	if !ok {
		if s, ok = jsonScalar(k); !ok {
			return typeErrf("keys must be str, int, float, bool or None, not %s", k.typeName())
		}
	}
	return w.text(s)
}

// jsonScalar is the JSON text of None and of numbers.
func jsonScalar(v Value) (string, bool) {
	switch v := v.(type) {
	case None:
		return "null", true
	case Bool:
		return strconv.FormatBool(bool(v)), true
	case Int, *bigInt:
		return scalarText(v), true
	case Float:
		switch f := float64(v); {
		case math.IsNaN(f):
			return "NaN", true
		case math.IsInf(f, 1):
			return "Infinity", true
		case math.IsInf(f, -1):
			return "-Infinity", true
		}
		return scalarText(v), true
	}
	return "", false
}

func (w *jsonWriter) text(s string) error {
	w.b = append(w.b, '"')
	if err := w.m.step(len(s) >> 3); err != nil {
		return err
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if esc := jsonEscape(r); esc != "" {
			w.b = append(w.b, esc...)
		} else if r < 0x20 || w.ascii && (r >= 0x7f) {
			w.escape(r)
		} else {
			w.b = append(w.b, s[i:i+n]...)
		}
		i += n
		if len(w.b) > w.m.lim.ValueBytes {
			break
		}
	}
	return w.add(`"`)
}

func jsonEscape(r rune) string {
	switch r {
	case '"':
		return `\"`
	case '\\':
		return `\\`
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	case '\f':
		return `\f`
	case '\b':
		return `\b`
	}
	return ""
}

// escape writes a character as one or two UTF-16 units.
func (w *jsonWriter) escape(r rune) {
	const hex = "0123456789abcdef"
	unit := func(u rune) {
		w.b = append(w.b, '\\', 'u', hex[u>>12&15], hex[u>>8&15], hex[u>>4&15], hex[u&15])
	}
	if r < 0x10000 {
		unit(r)
		return
	}
	r -= 0x10000
	unit(0xd800 + r>>10)
	unit(0xdc00 + r&0x3ff)
}
