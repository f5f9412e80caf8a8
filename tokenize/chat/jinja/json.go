package jinja

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"reflect"
	"sort"
	"strconv"
	"strings"
)

// maxJSONDepth bounds the nesting of arrays and objects that DecodeJSON and Of accept.
const maxJSONDepth = 200

// DecodeJSON returns the value of one JSON text as Python's json.loads does: objects keep their order and the last of equal
// keys wins, numbers with a fraction or exponent are floats, other numbers are integers of any size. Nesting is limited to
// 200.
func DecodeJSON(data []byte) (Value, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	v, err := decodeValue(dec, 0)
	if err != nil {
		return nil, fmt.Errorf("jinja: JSON at byte %d: %w", dec.InputOffset(), err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("jinja: JSON at byte %d: text after the value", dec.InputOffset())
	}
	return v, nil
}

func decodeValue(dec *json.Decoder, depth int) (Value, error) {
	if depth > maxJSONDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxJSONDepth)
	}
	tok, err := dec.Token()
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	switch t := tok.(type) {
	case nil:
		return None{}, nil
	case bool:
		return Bool(t), nil
	case string:
		return String(t), nil
	case json.Number:
		return decodeNumber(string(t))
	case json.Delim:
		if t == '[' {
			return decodeArray(dec, depth)
		}
		return decodeObject(dec, depth)
	}
	return nil, fmt.Errorf("unexpected %v", tok)
}

func decodeArray(dec *json.Decoder, depth int) (Value, error) {
	l := NewList()
	for dec.More() {
		v, err := decodeValue(dec, depth+1)
		if err != nil {
			return nil, err
		}
		l.items = append(l.items, v)
	}
	_, err := dec.Token()
	return l, err
}

func decodeObject(dec *json.Decoder, depth int) (Value, error) {
	d := NewDict()
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return nil, err
		}
		key, ok := tok.(string)
		if !ok {
			return nil, fmt.Errorf("key is %v, want a string", tok)
		}
		v, err := decodeValue(dec, depth+1)
		if err != nil {
			return nil, err
		}
		d.Set(key, v)
	}
	_, err := dec.Token()
	return d, err
}

// decodeNumber reads a number as JSON spells it.
func decodeNumber(s string) (Value, error) {
	if strings.ContainsAny(s, ".eE") {
		f, _ := strconv.ParseFloat(s, 64) // out of range is an infinity, as in Python
		return Float(f), nil
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return Int(i), nil
	}
	if len(s) > maxIntBits/4 {
		return nil, fmt.Errorf("integer of %d digits, want at most %d", len(s), maxIntBits/4)
	}
	b, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return nil, fmt.Errorf("number %q", s)
	}
	return normInt(b), nil
}

// Of returns the value for plain Go data: nil, bool, integers, floats, string, slices, maps with string keys (in the order
// of their sorted keys, as Go has no other), json.RawMessage, *big.Int and Value itself. Anything else is an error; encode
// structs with encoding/json, which keeps the order of fields.
func Of(x any) (Value, error) { return of(reflect.ValueOf(x), 0) }

func of(r reflect.Value, depth int) (Value, error) {
	if depth > maxJSONDepth {
		return nil, fmt.Errorf("jinja: value nested deeper than %d", maxJSONDepth)
	}
	if !r.IsValid() {
		return None{}, nil
	}
	switch x := r.Interface().(type) {
	case Value:
		return ofValue(x, r)
	case json.RawMessage:
		return DecodeJSON(x)
	case *big.Int:
		if x == nil {
			return None{}, nil
		}
		return normInt(x), nil
	}
	switch r.Kind() {
	case reflect.Bool:
		return Bool(r.Bool()), nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return Int(r.Int()), nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return normInt(new(big.Int).SetUint64(r.Uint())), nil
	case reflect.Float32, reflect.Float64:
		return Float(r.Float()), nil
	case reflect.String:
		return String(r.String()), nil
	case reflect.Interface:
		return of(r.Elem(), depth+1)
	case reflect.Slice, reflect.Array:
		return ofSlice(r, depth)
	case reflect.Map:
		return ofMap(r, depth)
	}
	return nil, fmt.Errorf("jinja: value of type %s, want plain data or a jinja.Value", r.Type())
}

func ofValue(v Value, r reflect.Value) (Value, error) {
	if r.Kind() == reflect.Pointer && r.IsNil() {
		return nil, fmt.Errorf("jinja: nil %s", r.Type())
	}
	return v, nil
}

func ofSlice(r reflect.Value, depth int) (Value, error) {
	l := &List{make([]Value, r.Len())}
	for i := range l.items {
		v, err := of(r.Index(i), depth+1)
		if err != nil {
			return nil, err
		}
		l.items[i] = v
	}
	return l, nil
}

func ofMap(r reflect.Value, depth int) (Value, error) {
	if r.Type().Key().Kind() != reflect.String {
		return nil, fmt.Errorf("jinja: map with keys of type %s, want string", r.Type().Key())
	}
	keys := r.MapKeys()
	sort.Slice(keys, func(i, j int) bool { return keys[i].String() < keys[j].String() })
	d := NewDict()
	for _, k := range keys {
		v, err := of(r.MapIndex(k), depth+1)
		if err != nil {
			return nil, err
		}
		d.Set(k.String(), v)
	}
	return d, nil
}
