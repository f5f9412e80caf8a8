package model

import (
	"encoding/json"
	"reflect"
	"testing"
)

// TestPartialJSON adds texts byte by byte: every closed text must be JSON, and hold only values of the whole.
func TestPartialJSON(t *testing.T) {
	for _, text := range []string{
		`{"a":1,"b":[true,null,{"c":"x\"}]\\"}],"d":{},"e":-1.5e3}`, `[1,2,[],[[3]]]`, `"text"`, "{\n  \"a\" : [ 1 , 2 ]\n}", `{"k,]}":"{["}`,
	} {
		var whole any
		if err := json.Unmarshal([]byte(text), &whole); err != nil {
			t.Fatal(err)
		}
		var p partialJSON
		var last any
		for i := range len(text) {
			if !p.add(text[i : i+1]) {
				continue
			}
			var v any
			if err := json.Unmarshal(p.closed(), &v); err != nil {
				t.Errorf("after %q: %q: %v", text[:i+1], p.closed(), err)
			} else if !partOf(v, whole) {
				t.Errorf("after %q: %v is no part of the whole", text[:i+1], v)
			}
			last = v
		}
		if !reflect.DeepEqual(last, whole) {
			t.Errorf("%q: the last value is %v", text, last)
		}
	}
}

// partOf reports whether v is whole with members and items missing.
func partOf(v, whole any) bool {
	switch v := v.(type) {
	case map[string]any:
		w, ok := whole.(map[string]any)
		for k, x := range v {
			ok = ok && partOf(x, w[k])
		}
		return ok
	case []any:
		w, ok := whole.([]any)
		ok = ok && len(v) <= len(w)
		for i, x := range v {
			ok = ok && partOf(x, w[i])
		}
		return ok
	}
	return reflect.DeepEqual(v, whole)
}
