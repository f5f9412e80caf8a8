package jinja

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"os"
	"testing"
)

// pythonCase is a line of testdata/python.jsonl.
type pythonCase struct {
	Vars     json.RawMessage `json:"vars"` // only in the first line
	Template string          `json:"template"`
	Output   *string         `json:"output"`
	Error    *string         `json:"error"`
	Refused  bool            `json:"refused"`
}

func pythonCases(t testing.TB) (vars *Dict, cases []pythonCase) {
	t.Helper()
	f, err := os.Open("testdata/python.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		var c pythonCase
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		if c.Vars != nil {
			v, err := DecodeJSON(c.Vars)
			if err != nil {
				t.Fatal(err)
			}
			vars = v.(*Dict)
			continue
		}
		cases = append(cases, c)
	}
	if err := s.Err(); err != nil {
		t.Fatal(err)
	}
	return vars, cases
}

// hostGlobals stand for the functions that package chat gives its templates.
func hostGlobals() map[string]Value {
	return map[string]Value{
		"raise_exception": NewFunc("raise_exception", "message", func(a []Value) (Value, error) {
			return nil, errors.New("raised")
		}),
	}
}

// TestPython renders what Jinja2 rendered.
func TestPython(t *testing.T) {
	vars, cases := pythonCases(t)
	if len(cases) < 300 {
		t.Fatalf("testdata/python.jsonl has %d cases, want at least 300", len(cases))
	}
	for _, c := range cases {
		t.Run(c.Template, func(t *testing.T) {
			got := ""
			tmpl, err := Parse(c.Template, Options{Globals: hostGlobals()})
			if err == nil {
				got, err = tmpl.Render(context.Background(), vars)
			}
			var e *Error
			var limit *LimitError
			switch {
			case err != nil && !errors.As(err, &e) && !errors.As(err, &limit):
				t.Errorf("error %v of type %T, want an *Error or *LimitError", err, err)
			case c.Refused:
				if !errors.Is(err, ErrUnsupported) {
					t.Errorf("got %q and error %v, want one that wraps ErrUnsupported", got, err)
				}
			case c.Error != nil:
				if err == nil {
					t.Errorf("got %q, want an error like %q", got, *c.Error)
				}
				if errors.Is(err, ErrUnsupported) {
					t.Errorf("got error %v, want one like %q", err, *c.Error)
				}
			case err != nil:
				t.Errorf("got error %v, want %q", err, *c.Output)
			case got != *c.Output:
				t.Errorf("\n got %q\nwant %q", got, *c.Output)
			}
		})
	}
}
