package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// object is a JSON object that remembers the order of its members.
type object struct {
	keys []string
	vals map[string]any
}

func (o *object) get(key string) (any, bool) {
	v, ok := o.vals[key]
	return v, ok
}

// Limits of a schema document.
const (
	maxDocument = 8 << 20
	maxNesting  = 256
)

// decode reads one JSON document: nil, bool, json.Number, string, []any or *object.
func decode(doc []byte) (any, error) {
	if len(doc) > maxDocument {
		return nil, fmt.Errorf("%d bytes, at most %d are read", len(doc), maxDocument)
	}
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	v, err := decodeValue(dec, 0)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("text after the document at byte %d", dec.InputOffset())
	}
	return v, nil
}

func decodeValue(dec *json.Decoder, depth int) (any, error) {
	tok, err := dec.Token()
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	d, ok := tok.(json.Delim)
	if !ok {
		return tok, nil
	}
	if depth >= maxNesting {
		return nil, fmt.Errorf("more than %d nested values at byte %d", maxNesting, dec.InputOffset())
	}
	if d == '[' {
		list := []any{}
		for dec.More() {
			v, err := decodeValue(dec, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = dec.Token()
		return list, err
	}
	o := &object{vals: map[string]any{}}
	for dec.More() {
		k, err := dec.Token()
		if err != nil {
			return nil, err
		}
		key, _ := k.(string)
		if _, twice := o.vals[key]; twice {
			return nil, fmt.Errorf("key %q appears twice at byte %d", key, dec.InputOffset())
		}
		v, err := decodeValue(dec, depth+1)
		if err != nil {
			return nil, err
		}
		o.keys = append(o.keys, key)
		o.vals[key] = v
	}
	_, err = dec.Token()
	return o, err
}
