package jinja

import (
	"context"
	"errors"
	"testing"
	"time"
)

// FuzzParse parses and renders anything. There is no panic, no hang, and only errors of the documented types.
func FuzzParse(f *testing.F) {
	vars, cases := pythonCases(f)
	for _, c := range cases {
		f.Add(c.Template)
	}
	for _, source := range hostile() {
		f.Add(source)
	}
	small := Limits{SourceBytes: 4096, Steps: 20000, Depth: 500, OutputBytes: 1 << 16, ValueBytes: 1 << 16, TotalBytes: 1 << 20}
	f.Fuzz(func(t *testing.T, source string) {
		start := time.Now()
		tmpl, err := Parse(source, Options{Limits: small, Globals: hostGlobals()})
		text := ""
		if err == nil {
			text, err = tmpl.Render(context.Background(), vars)
		}
		var e *Error
		var limit *LimitError
		if err != nil && !errors.As(err, &e) && !errors.As(err, &limit) {
			t.Errorf("error %v of type %T, want an *Error or *LimitError", err, err)
		}
		if len(text) > small.OutputBytes {
			t.Errorf("got %d bytes, the limit is %d", len(text), small.OutputBytes)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

// FuzzDecodeJSON checks that what decodes can be written by tojson and decodes to the same text again.
func FuzzDecodeJSON(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,null,true,"x\u00e9"],"a":{}}`, `1e400`, `-0`, `123456789012345678901`, `[[[`, `"\ud800"`} {
		f.Add([]byte(s))
	}
	tmpl, err := Parse("{{ x|tojson }}", Options{})
	if err != nil {
		f.Fatal(err)
	}
	write := func(v Value) (string, error) {
		vars := NewDict()
		vars.Set("x", v)
		return tmpl.Render(context.Background(), vars)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := DecodeJSON(data)
		if err != nil {
			return
		}
		s, err := write(v)
		if err != nil {
			t.Fatal(err)
		}
		again, err := DecodeJSON([]byte(s))
		if err != nil {
			return // Infinity, which Python writes and JSON does not have
		}
		if s2, err := write(again); err != nil || s2 != s {
			t.Errorf("got %q and error %v, want %q", s2, err, s)
		}
	})
}
