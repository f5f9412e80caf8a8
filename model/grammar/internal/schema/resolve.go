package schema

import (
	"net/url"
	"sort"
	"strconv"
	"strings"
)

// A location is a schema in a document.
type location struct {
	val  any // *object or bool
	base string
	res  *resource
	ptr  string
}

// A resource is a schema with a URI of its own.
type resource struct {
	uri     string
	root    *location
	anchors map[string]*location
	dynamic map[string]*location
}

// registry knows all documents and what in them can be referred to.
type registry struct {
	docs      map[string][]byte
	resources map[string]*resource
	index     map[*object]*location
	dynamic   bool // some schema has $dynamicRef
}

func newRegistry(docs map[string][]byte) *registry {
	return &registry{docs: docs, resources: map[string]*resource{}, index: map[*object]*location{}}
}

// keywords that hold schemas.
var (
	schemaMaps  = []string{"$defs", "definitions", "properties", "patternProperties", "dependentSchemas", "dependencies"}
	schemaLists = []string{"allOf", "anyOf", "oneOf", "prefixItems", "items"}
	schemaKeys  = []string{"items", "contains", "additionalProperties", "propertyNames", "unevaluatedItems",
		"unevaluatedProperties", "not", "if", "then", "else", "additionalItems"}
)

// load reads a document that is known by uri.
func (g *registry) load(doc []byte, uri string) (*location, error) {
	v, err := decode(doc)
	if err != nil {
		return nil, &InvalidError{Pointer: uri, Message: err.Error()}
	}
	res := &resource{uri: uri, anchors: map[string]*location{}, dynamic: map[string]*location{}}
	g.resources[uri] = res
	return g.scan(v, uri, res, "")
}

// scan registers a schema and the schemas inside it. res is the resource it belongs to; a resource without root gets it.
func (g *registry) scan(v any, base string, res *resource, ptr string) (*location, error) {
	o, ok := v.(*object)
	if _, isBool := v.(bool); !ok && !isBool {
		return nil, &InvalidError{Pointer: ptr, Message: "a schema is an object or a boolean"}
	}
	if isRoot := res.root == nil; isRoot {
		loc := &location{val: v, base: base, res: res, ptr: ptr}
		res.root = loc
		if ok {
			if id, has := o.vals["$id"].(string); has { // the document under the name it gives itself
				abs, err := resolveURI(base, id)
				if err != nil {
					return nil, &InvalidError{Keyword: "$id", Pointer: ptr, Message: err.Error()}
				}
				abs, _, _ = strings.Cut(abs, "#")
				res.uri, loc.base = abs, abs
				g.resources[abs] = res
			}
			g.index[o] = loc
			return loc, g.inside(o, loc)
		}
		return loc, nil
	}
	if !ok {
		return &location{val: v, base: base, res: res, ptr: ptr}, nil
	}
	if loc, known := g.index[o]; known {
		return loc, nil
	}
	if id, has := o.vals["$id"].(string); has {
		abs, err := resolveURI(base, id)
		if err != nil {
			return nil, &InvalidError{Keyword: "$id", Pointer: ptr, Message: err.Error()}
		}
		abs, _, _ = strings.Cut(abs, "#")
		res = &resource{uri: abs, anchors: map[string]*location{}, dynamic: map[string]*location{}}
		g.resources[abs] = res
		base = abs
	}
	loc := &location{val: v, base: base, res: res, ptr: ptr}
	if res.root == nil {
		res.root = loc
	}
	g.index[o] = loc
	return loc, g.inside(o, loc)
}

// inside registers the anchors and subschemas of a schema.
func (g *registry) inside(o *object, loc *location) error {
	if a, ok := o.vals["$anchor"].(string); ok {
		loc.res.anchors[a] = loc
	}
	if a, ok := o.vals["$dynamicAnchor"].(string); ok {
		loc.res.anchors[a] = loc
		loc.res.dynamic[a] = loc
	}
	if _, ok := o.vals["$dynamicRef"]; ok {
		g.dynamic = true
	}
	visit := func(v any, ptr string) error {
		switch v.(type) {
		case *object, bool:
			_, err := g.scan(v, loc.base, loc.res, ptr)
			return err
		}
		return nil // what is wrong here is said where the keyword is read
	}
	for _, k := range schemaMaps {
		if m, ok := o.vals[k].(*object); ok {
			for _, name := range m.keys {
				if err := visit(m.vals[name], loc.ptr+"/"+k+"/"+escapePointer(name)); err != nil {
					return err
				}
			}
		}
	}
	for _, k := range schemaLists {
		if l, ok := o.vals[k].([]any); ok {
			for i, v := range l {
				if err := visit(v, loc.ptr+"/"+k+"/"+strconv.Itoa(i)); err != nil {
					return err
				}
			}
		}
	}
	for _, k := range schemaKeys {
		if v, ok := o.vals[k]; ok {
			if err := visit(v, loc.ptr+"/"+k); err != nil {
				return err
			}
		}
	}
	return nil
}

// child returns the schema at a place inside loc.
func (g *registry) child(loc *location, v any, path string) (*location, error) {
	return g.scan(v, loc.base, loc.res, loc.ptr+"/"+path)
}

// lookup finds what a reference in loc points to. name is the fragment when it is a plain name.
func (g *registry) lookup(loc *location, ref string) (target *location, name string, err error) {
	abs, err := resolveURI(loc.base, ref)
	if err != nil {
		return nil, "", err
	}
	uri, fragment, _ := strings.Cut(abs, "#")
	if fragment, err = url.PathUnescape(fragment); err != nil {
		return nil, "", err
	}
	res, ok := g.resources[uri]
	if !ok {
		doc, have := g.docs[uri]
		if !have {
			return nil, "", errNotFound(uri)
		}
		root, err := g.load(doc, uri)
		if err != nil {
			return nil, "", err
		}
		res = root.res
	}
	switch {
	case fragment == "":
		return res.root, "", nil
	case fragment[0] == '/':
		target, err = g.pointer(res.root, fragment)
		return target, "", err
	}
	if target, ok = res.anchors[fragment]; !ok {
		return nil, "", errNotFound(abs)
	}
	return target, fragment, nil
}

type errNotFound string

func (e errNotFound) Error() string { return "no document or anchor " + strconv.Quote(string(e)) }

// pointer follows a JSON Pointer from the root of a resource.
func (g *registry) pointer(root *location, ptr string) (*location, error) {
	at := root // the innermost schema on the way
	var v any = root.val
	path := root.ptr
	for _, tok := range strings.Split(ptr[1:], "/") {
		tok = strings.ReplaceAll(strings.ReplaceAll(tok, "~1", "/"), "~0", "~")
		path += "/" + escapePointer(tok)
		var next any
		ok := false
		switch v := v.(type) {
		case *object:
			next, ok = v.vals[tok]
		case []any:
			if i, err := strconv.Atoi(tok); err == nil && i >= 0 && i < len(v) {
				next, ok = v[i], true
			}
		}
		if !ok {
			return nil, errNotFound("#" + ptr)
		}
		v = next
		if o, isObject := v.(*object); isObject && g.index[o] != nil {
			at = g.index[o]
		}
	}
	return g.scan(v, at.base, at.res, path)
}

func resolveURI(base, ref string) (string, error) {
	r, err := url.Parse(ref)
	if err != nil {
		return "", err
	}
	if base == "" {
		return r.String(), nil
	}
	b, err := url.Parse(base)
	if err != nil {
		return "", err
	}
	return b.ResolveReference(r).String(), nil
}

func escapePointer(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "~", "~0"), "/", "~1")
}

// scope is the dynamic scope: for each dynamic anchor the outermost schema that has it. Scopes are interned.
type scope struct {
	key   string
	names map[string]*location
}

// key is a schema in a dynamic scope.
type key struct {
	loc *location
	in  *scope
}

// scopes interns scopes.
type scopes struct {
	g    *registry
	byID map[string]*scope
}

// enter returns the scope inside a resource.
func (s *scopes) enter(in *scope, res *resource) *scope {
	if !s.g.dynamic {
		return in
	}
	var added []string
	for name := range res.dynamic {
		if in.names[name] == nil {
			added = append(added, name)
		}
	}
	if len(added) == 0 {
		return in
	}
	sort.Strings(added)
	k := in.key
	for _, name := range added {
		k += "\x00" + name + "\x00" + res.dynamic[name].res.uri + "#" + res.dynamic[name].ptr
	}
	if out, ok := s.byID[k]; ok {
		return out
	}
	out := &scope{key: k, names: map[string]*location{}}
	for n, l := range in.names {
		out.names[n] = l
	}
	for _, n := range added {
		out.names[n] = res.dynamic[n]
	}
	s.byID[k] = out
	return out
}
