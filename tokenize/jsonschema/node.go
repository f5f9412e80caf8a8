package jsonschema

import (
	"bytes"
	"encoding/json"
)

// node is a schema: members in order.
type node struct {
	keys []string
	vals []any
}

// obj returns a schema of keys and values in turn.
func obj(pairs ...any) *node {
	n := &node{}
	for i := 0; i < len(pairs); i += 2 {
		n.set(pairs[i].(string), pairs[i+1])
	}
	return n
}

func (n *node) set(key string, val any) *node {
	for i, k := range n.keys {
		if k == key {
			n.vals[i] = val
			return n
		}
	}
	n.keys = append(n.keys, key)
	n.vals = append(n.vals, val)
	return n
}

func (n *node) get(key string) any {
	for i, k := range n.keys {
		if k == key {
			return n.vals[i]
		}
	}
	return nil
}

// drop removes members.
func (n *node) drop(keys ...string) {
	out := &node{}
	for i, k := range n.keys {
		gone := false
		for _, key := range keys {
			gone = gone || k == key
		}
		if !gone {
			out.set(k, n.vals[i])
		}
	}
	*n = *out
}

// MarshalJSON writes the members in order.
func (n *node) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, k := range n.keys {
		if i > 0 {
			out = append(out, ',')
		}
		key, err := encode(k)
		if err != nil {
			return nil, err
		}
		val, err := encode(n.vals[i])
		if err != nil {
			return nil, err
		}
		out = append(append(append(out, key...), ':'), val...)
	}
	return append(out, '}'), nil
}

// encode is json.Marshal that leaves <, > and & as they are, since models read schemas.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// parse reads an object with the order of its members; nil for other JSON.
func parse(raw []byte) *node {
	d := json.NewDecoder(bytes.NewReader(raw))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	n := &node{}
	for d.More() {
		t, err := d.Token()
		key, ok := t.(string)
		var v json.RawMessage
		if err != nil || !ok || d.Decode(&v) != nil {
			return nil
		}
		n.set(key, v)
	}
	return n
}
