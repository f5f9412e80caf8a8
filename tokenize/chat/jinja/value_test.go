package jinja

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"
)

// show renders {{ x }}.
func show(t *testing.T, x Value) (string, error) {
	t.Helper()
	tmpl, err := Parse("{{ x }}", Options{})
	if err != nil {
		t.Fatal(err)
	}
	vars := NewDict()
	vars.Set("x", x)
	return tmpl.Render(context.Background(), vars)
}

func TestOf(t *testing.T) {
	type text string
	for _, c := range []struct {
		x    any
		want string
	}{
		{nil, "None"}, {true, "True"}, {int8(-3), "-3"}, {uint64(math.MaxUint64), "18446744073709551615"}, {float32(0.5), "0.5"},
		{text("a"), "a"}, {[]int{1, 2}, "[1, 2]"}, {[2]string{"a", "b"}, "['a', 'b']"}, {[]any{nil, 1.0}, "[None, 1.0]"},
		{map[string]any{"b": 1, "a": []any{}}, "{'a': [], 'b': 1}"}, {json.RawMessage(`{"b": 1, "a": 2}`), "{'b': 1, 'a': 2}"},
		{big.NewInt(5), "5"}, {NewTuple(Int(1)), "(1,)"}, {[]Value{Int(1)}, "[1]"}, {new(Dict), "{}"},
	} {
		v, err := Of(c.x)
		if err != nil {
			t.Errorf("%v: %v", c.x, err)
			continue
		}
		if got, err := show(t, v); err != nil || got != c.want {
			t.Errorf("%v: got %q, error %v, want %q", c.x, got, err, c.want)
		}
	}
	loop := []any{nil}
	loop[0] = loop
	for _, x := range []any{struct{}{}, map[int]int{}, make(chan int), []any{struct{}{}}, json.RawMessage("{"), (*Dict)(nil), loop} {
		if v, err := Of(x); err == nil {
			t.Errorf("%T: got %v, want an error", x, v)
		}
	}
}

// TestNil checks that broken values are errors and not panics.
func TestNil(t *testing.T) {
	cycle := NewDict()
	cycle.Set("a", NewList(cycle))
	for _, v := range []Value{nil, NewList(nil), NewTuple(Int(1), nil), (*List)(nil), (*Dict)(nil), (*Tuple)(nil), cycle} {
		if got, err := show(t, v); err == nil {
			t.Errorf("got %q, want an error", got)
		}
	}
	if _, err := Parse("", Options{Globals: map[string]Value{"x": nil}}); err == nil {
		t.Error("got no error for a global that is nil")
	}
}

func TestDecodeJSON(t *testing.T) {
	for s, want := range map[string]string{
		`{"b": 1, "a": {"d": [], "c": null}, "b": 2}`:            "{'b': 2, 'a': {'d': [], 'c': None}}",
		` [1, -0, 1.0, 1e5, 1E400, 12345678901234567890, true] `: "[1, 0, 1.0, 100000.0, inf, 12345678901234567890, True]",
		`"\u00e9\ud83d\ude42\n"`:                                 "é🙂\n",
	} {
		v, err := DecodeJSON([]byte(s))
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		if got, err := show(t, v); err != nil || got != want {
			t.Errorf("%s: got %q, error %v, want %q", s, got, err, want)
		}
	}
	for _, s := range []string{"", "{", "[1", `{"a"`, `{"a":`, `{1: 2}`, "1 2", "]", "nul", strings.Repeat("[", 100000), strings.Repeat("9", 100000)} {
		if v, err := DecodeJSON([]byte(s)); err == nil {
			t.Errorf("%.20s: got %v, want an error", s, v)
		}
	}
}

// TestFunc calls a function of the host.
func TestFunc(t *testing.T) {
	boom := errors.New("boom")
	f := NewFunc("f", "a b?", func(a []Value) (Value, error) {
		if a[1] != nil {
			return nil, boom
		}
		if a[0] == Int(0) {
			return nil, nil
		}
		return a[0], nil
	})
	render := func(source string) (string, error) {
		tmpl, err := Parse(source, Options{Globals: map[string]Value{"f": f}})
		if err != nil {
			t.Fatal(err)
		}
		return tmpl.Render(context.Background(), nil)
	}
	if got, err := render("{{ f(1) }}{{ f(a='x') }}{{ f(0) }}"); err != nil || got != "1xNone" {
		t.Errorf("got %q, error %v, want 1xNone", got, err)
	}
	_, err := render("\n{{ f(1, 2) }}")
	var e *Error
	if !errors.Is(err, boom) || !errors.As(err, &e) || e.Kind != KindHost || e.Line != 2 {
		t.Errorf("got error %v, want boom on line 2", err)
	}
	for _, bad := range []string{"{{ f() }}", "{{ f(1, 2, 3) }}", "{{ f(1, c=2) }}", "{{ f(1, a=2) }}"} {
		if _, err := render(bad); !errors.As(err, &e) || e.Kind != KindType {
			t.Errorf("%s: got error %v, want a type error", bad, err)
		}
	}
}
