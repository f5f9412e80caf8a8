package gguf_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/seed64708441/ember/model/gguf"
)

// getters calls every typed getter.
func getters(m *gguf.Meta) map[string]func(key string) (any, error) {
	return map[string]func(string) (any, error){
		"String":  func(k string) (any, error) { return m.String(k) },
		"Bool":    func(k string) (any, error) { return m.Bool(k) },
		"Int":     func(k string) (any, error) { return m.Int(k) },
		"Float":   func(k string) (any, error) { return m.Float(k) },
		"Strings": func(k string) (any, error) { return m.Strings(k) },
		"Bools":   func(k string) (any, error) { return m.Bools(k) },
		"Bytes":   func(k string) (any, error) { return m.Bytes(k) },
		"Ints":    func(k string) (any, error) { return m.Ints(k) },
		"Floats":  func(k string) (any, error) { return m.Floats(k) },
	}
}

// TestGetters asks for every key by every getter: the right ones answer, all others say why not.
func TestGetters(t *testing.T) {
	if math.MaxInt == math.MaxInt32 {
		t.Skip("the numbers are those of 64-bit machines")
	}
	m := read(t, sample(t)).Meta()
	u32, i64 := uint32(math.MaxUint32), int64(math.MinInt64)
	want := map[string]map[string]any{
		"String": {"general.architecture": "llama", "text": "nul \x00, not UTF-8 \xff\xfe, ü", "empty": ""},
		"Bool":   {"true": true, "false": false},
		"Int": {"u8": 255, "i8": -128, "u16": 65535, "i16": -32768, "u32": int(u32), "i32": math.MinInt32,
			"i64": int(i64)},
		"Float":   {"f32": float64(float32(1e-6)), "f64": math.Pi},
		"Strings": {"[text": []string{"a", "", "\x00\xff", "▁the"}, "[none": []string{}},
		"Bools":   {"[bool": []bool{true, false, true}},
		"Bytes":   {"[u8": []byte{0, 255}},
		"Ints": {"[u8": []int{0, 255}, "[i8": []int{-128, 127}, "[u16": []int{1, 65535}, "[i16": []int{-32768, 1},
			"[u32": []int{7, int(u32)}, "[i32": []int{-1, math.MaxInt32}, "[i64": []int{int(i64), 2}},
		"Floats": {"[f32": []float32{-0.5, math.MaxFloat32}, "[f64": []float32{0.1}},
	}
	for name, get := range getters(m) {
		for _, key := range append(slices.Clone(m.Keys()), "absent") {
			got, err := get(key)
			expected, ok := want[name][key]
			if ok {
				if err != nil {
					t.Errorf("%s(%q): %v", name, key, err)
				} else if e := sameMeta([]gguf.KV{{Key: key, Value: expected}}, []gguf.KV{{Key: key, Value: got}}); e != nil {
					t.Errorf("%s(%q): %v", name, key, e)
				}
				continue
			}
			sentinel := gguf.ErrType
			if key == "absent" {
				sentinel = gguf.ErrMissing
			}
			var ke *gguf.KeyError
			if !errors.Is(err, sentinel) || !errors.As(err, &ke) || ke.Key != key || ke.Expected == "" {
				t.Errorf("%s(%q) is %v, %v; expected an error", name, key, got, err)
			}
		}
	}
}

func TestGetterErrors(t *testing.T) {
	m := read(t, sample(t)).Meta()
	for name, want := range map[string]string{
		"absent": `gguf: key "absent": missing, expected an integer`,
		"text":   `gguf: key "text": found string, expected an integer`,
		"[i32":   `gguf: key "[i32": found array of int32, expected an integer`,
		"u64":    `gguf: key "u64": found uint64 18446744073709551615, expected an integer up to 9223372036854775807`,
	} {
		if _, err := m.Int(name); err == nil || err.Error() != want && math.MaxInt == math.MaxInt64 {
			t.Errorf("found %v\nexpected %s", err, want)
		}
	}
	if _, err := m.Ints("[u64"); err == nil {
		t.Error("2^64-1 became an int")
	}
}

// TestShared shows that asking for an array copies nothing.
func TestShared(t *testing.T) {
	m := read(t, sample(t)).Meta()
	n := testing.AllocsPerRun(100, func() {
		if _, err := m.Strings("[text"); err != nil {
			t.Error(err)
		}
		if _, err := m.Floats("[f32"); err != nil {
			t.Error(err)
		}
		if _, err := m.Int("u32"); err != nil {
			t.Error(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations, expected none", n)
	}
}

func TestValue(t *testing.T) {
	m := read(t, sample(t)).Meta()
	for key, want := range map[string]struct {
		kind, elem gguf.Kind
		n          int
		text       string
	}{
		"u32":   {gguf.Uint32, gguf.Uint32, 1, "uint32 4294967295"},
		"true":  {gguf.Bool, gguf.Bool, 1, "bool true"},
		"empty": {gguf.String, gguf.String, 1, `string ""`},
		"[text": {gguf.Array, gguf.String, 4, "array of 4 string"},
		"[none": {gguf.Array, gguf.String, 0, "array of 0 string"},
		"[i16":  {gguf.Array, gguf.Int16, 2, "array of 2 int16"},
	} {
		v, ok := m.Lookup(key)
		if !ok || v.Kind() != want.kind || v.Elem() != want.elem || v.Len() != want.n || v.String() != want.text {
			t.Errorf("%s: %v of %v, %d, %q; expected %+v", key, v.Kind(), v.Elem(), v.Len(), v.String(), want)
		}
	}
	if _, ok := m.Lookup("absent"); ok {
		t.Error("a key that the file has not was found")
	}
}
