package grammar

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// within fails the test when f takes longer than any grammar may. The limit is generous: the machine may be busy.
func within(t *testing.T, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("took %v", d)
	}
}

// TestHostileGBNF shows that grammars made to hurt end in an error with a place.
func TestHostileGBNF(t *testing.T) {
	exponential := "root ::= r0 r0\n"
	for i := range 60 {
		exponential += fmt.Sprintf("r%d ::= r%d r%d\n", i, i+1, i+1)
	}
	exponential += "r60 ::= \"a\"\n"
	for name, c := range map[string]struct{ src, want string }{
		"direct left recursion":   {`root ::= root "a" | "b"`, "left-recursive"},
		"hidden left recursion":   {"root ::= x root \"a\" | \"b\"\nx ::= \"c\"?", "left-recursive"},
		"left recursion in star":  {"root ::= (x)* \"a\"\nx ::= y\ny ::= x \"b\" | \"c\"", "left-recursive"},
		"huge repetition":         {`root ::= "a"{1000000}`, "repetitions"},
		"nested repetition":       {`root ::= (("a"{9999}){9999}){9999}`, "too large"},
		"nothing, often":          {`root ::= ((""{9999}){9999}){9999}`, "too large"},
		"exponential automaton":   {`root ::= [ab]* "a" [ab]{40}`, "too large"},
		"deep groups":             {"root ::= " + strings.Repeat("(", 5000) + `"a"` + strings.Repeat(")", 5000), "nested"},
		"unending group":          {`root ::= ("a"`, "expected )"},
		"unending literal":        {`root ::= "a`, "no closing"},
		"unending class":          {`root ::= [a-`, "no closing"},
		"no such rule":            {"root ::= a\n", "not defined"},
		"twice":                   {"root ::= \"a\"\nroot ::= \"b\"", "twice"},
		"no root":                 {`a ::= "b"`, "root"},
		"empty":                   {``, "root"},
		"never ends":              {`root ::= "a" root`, "no text"},
		"nothing can be":          {`root ::= [^\x00-\U0010FFFF]`, "no text"},
		"bad escape":              {`root ::= "\q"`, "escape"},
		"bad code point":          {`root ::= "\UFFFFFFFF"`, "code point"},
		"bad bounds":              {`root ::= "a"{3,2}`, "from 3 to 2"},
		"not UTF-8":               {"root ::= \"\xff\"", "UTF-8"},
		"binary":                  {"\x00\x01", "rule name"},
		"a megabyte and one byte": {strings.Repeat("#", 1<<20+1), "bytes"},
	} {
		within(t, func() {
			_, err := FromGBNF(c.src)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want an error with %q", name, err, c.want)
			}
		})
	}
	within(t, func() { // 2^60 letters are a grammar like any other, they are only never written
		g, err := FromGBNF(exponential)
		if err != nil {
			t.Fatal(err)
		}
		if !g.Completable(strings.Repeat("a", 5000)) || g.Match("aa") {
			t.Error("2^61 times a")
		}
	})
}

// TestNestedAlternatives nests alternatives of different rules that begin alike: they must not multiply.
func TestNestedAlternatives(t *testing.T) {
	g, err := FromGBNF(`
		root  ::= expr
		expr  ::= group | tuple | call | [0-9]+
		group ::= "(" expr ")"
		tuple ::= "(" expr ("," expr)+ ")"
		call  ::= [a-z]+ args
		args  ::= "(" (expr ("," expr)*)? ")"`)
	if err != nil {
		t.Fatal(err)
	}
	deep := strings.Repeat("(", 2000)
	if !g.Match(deep+"f(1,(2,3),g())"+strings.Repeat(")", 2000)) || g.Match("((1)") || g.Match("(1,)") || !g.Completable(deep+"1,") {
		t.Error("nested groups and tuples")
	}
}

// TestAmbiguous reads texts with exponentially many readings.
func TestAmbiguous(t *testing.T) {
	// The rules are too large to be copied into root.
	long := strings.Repeat("w", 500)
	g, err := FromGBNF("root ::= a | b | \"-\"\na ::= \"x\" root \"y\" | \"" + long + "\"\nb ::= \"x\" root \"z\" | \"" + long + "v\"")
	if err != nil {
		t.Fatal(err)
	}
	within(t, func() {
		xs, ys := strings.Repeat("x", 5000), strings.Repeat("yz", 2500)
		if !g.Match(xs+"-"+ys) || !g.Match(xs+long+ys) || g.Match(xs+"-"+ys+"y") || g.Match(xs+"-"+ys[1:]) || !g.Completable(xs+"-z") {
			t.Error("pairs of different kinds")
		}
	})
	as := ""
	g, err = FromGBNF("root ::= r r\nr ::= \"a\" r? r? | \"a\" root?")
	if err != nil {
		t.Fatal(err)
	}
	if as := strings.Repeat("a", 9); !g.Match(as) || g.Match(as+"b") || g.Match("a") {
		t.Error("trees")
	}
	c, err := Compile(g, testVocabulary())
	if err != nil {
		t.Fatal(err)
	}
	within(t, func() { // goes on for ever, or says that it cannot
		s := c.NewState()
		for err == nil && len(as) < 3000 {
			as += "a"
			err = s.AcceptBytes([]byte("a"))
		}
		if err != nil && !errors.Is(err, ErrAmbiguous) {
			t.Error(err)
		}
		t.Logf("trees of %d letters: %v", len(as), err)
	})
}

// TestHostileSchemas shows that schemas made to hurt end in an error that names a keyword, or are handled.
func TestHostileSchemas(t *testing.T) {
	many := func(n int, f func(i int) string) string {
		parts := make([]string, n)
		for i := range parts {
			parts[i] = f(i)
		}
		return strings.Join(parts, ",")
	}
	for name, c := range map[string]struct{ doc, want string }{
		"refers to itself":    {`{"$ref":"#"}`, "$ref"},
		"refers in a circle":  {`{"$ref":"#/$defs/a","$defs":{"a":{"allOf":[{"$ref":"#/$defs/b"}]},"b":{"anyOf":[{"$ref":"#/$defs/a"}]}}}`, "$ref"},
		"refers to nothing":   {`{"$ref":"#/nowhere"}`, "$ref"},
		"refers far away":     {`{"$ref":"https://example.com/x"}`, "$ref"},
		"needs itself":        {`{"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]}`, "no text"},
		"many alternatives":   {`{"allOf":[` + many(20, func(i int) string { return fmt.Sprintf(`{"anyOf":[{"required":["a%d"]},{"required":["b%d"]}]}`, i, i) }) + `]}`, "too many"},
		"long and patterned":  {`{"type":"string","pattern":"a","minLength":100000000}`, "pattern"},
		"exponential pattern": {`{"pattern":"[ab]*a[ab]{40}$"}`, "pattern"},
		"lookahead":           {`{"pattern":"^(?=a)b"}`, "pattern"},
		"back reference":      {`{"pattern":"(a)\\1"}`, "pattern"},
		"tiny multiple":       {`{"multipleOf":0.000000123}`, ""},
		"large multiple":      {`{"multipleOf":1234567891}`, "multipleOf"},
		"huge number":         {`{"minimum":1e999999}`, "minimum"},
		"bad number":          {`{"multipleOf":0}`, "multipleOf"},
		"negative length":     {`{"minLength":-1}`, "minLength"},
		"unknown format":      {`{"format":"shoe-size"}`, "format"},
		"regex format":        {`{"format":"regex"}`, "format"},
		"unknown dialect":     {`{"$schema":"https://example.com/mine"}`, "$schema"},
		"another dialect":     {`{"type":"string","nullable":true}`, "nullable"},
		"not unique":          {`{"not":{"uniqueItems":true}}`, "uniqueItems"},
		"unique and bounded":  {`{"uniqueItems":true,"items":{"type":"array","maxItems":2}}`, "uniqueItems"},
		"many items":          {`{"type":"array","items":{"type":"null"},"minItems":1000000000}`, ""},
		"many names":          {`{"type":"object","properties":{` + many(600, func(i int) string { return fmt.Sprintf(`"name%d":{"type":"integer"}`, i) }) + `}}`, ""},
		"many constants":      {`{"enum":[` + many(3000, func(i int) string { return fmt.Sprintf(`"value %d",%d`, i, i*7) }) + `]}`, ""},
		"many variants": {`{"oneOf":[` + many(40, func(i int) string {
			return fmt.Sprintf(`{"type":"object","properties":{"kind":{"const":"k%d"},"a":{"type":"string"},"b":{"type":"integer"}},"required":["kind"],"additionalProperties":false}`, i)
		}) + `]}`, ""},
		"deep":         {strings.Repeat(`{"items":`, 5000) + `{}` + strings.Repeat(`}`, 5000), "nested"},
		"key twice":    {`{"type":"string","type":"null"}`, "twice"},
		"not a schema": {`[1]`, "schema"},
		"not JSON":     {`{"type":`, "EOF"},
		"two values":   {`{} {}`, "after"},
	} {
		within(t, func() {
			_, err := FromJSONSchema([]byte(c.doc), Options{})
			switch {
			case c.want == "" && err != nil:
				t.Errorf("%s: %v", name, err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%s: %v, want an error with %q", name, err, c.want)
			}
		})
	}
}

// TestErrorsHaveAPlace checks the fields of errors.
func TestErrorsHaveAPlace(t *testing.T) {
	_, err := FromJSONSchema([]byte(`{"properties":{"a/b":{"items":{"pattern":"(?!x)"}}}}`), Options{})
	var un *UnsupportedError
	if !errors.As(err, &un) || un.Keyword != "pattern" || un.Pointer != "/properties/a~1b/items" {
		t.Errorf("%v", err)
	}
	_, err = FromJSONSchema([]byte(`{"$defs":{"x":{"type":"strin"}},"$ref":"#/$defs/x"}`), Options{})
	var inv *InvalidSchemaError
	if !errors.As(err, &inv) || inv.Keyword != "type" || inv.Pointer != "/$defs/x" {
		t.Errorf("%v", err)
	}
	_, err = FromGBNF("root ::= a\n  a ::= \"x\" |\n \"y\" {1}\n?")
	var se *SyntaxError
	if !errors.As(err, &se) || se.Line != 4 || se.Column != 1 {
		t.Errorf("%v", err)
	}
}

// TestOlderDrafts reads what draft 7 and OpenAPI write otherwise.
func TestOlderDrafts(t *testing.T) {
	for _, c := range []struct{ doc, good, bad string }{
		{`{"items":[{"type":"null"}],"additionalItems":false}`, `[null]`, `[null,1]`},
		{`{"items":[{"type":"null"}],"additionalItems":{"type":"integer"}}`, `[null,1,2]`, `[null,"1"]`},
		{`{"items":{"type":"null"},"additionalItems":false}`, `[null,null]`, `[1]`},
		{`{"definitions":{"a":{"type":"null"}},"$ref":"#/definitions/a"}`, `null`, `1`},
		{`{"dependencies":{"a":["b"],"c":{"required":["d"]}}}`, `{"a":1,"b":1}`, `{"a":1,"d":2}`},
		{`{"dependencies":{"a":["b"],"c":{"required":["d"]}}}`, `{"c":1,"d":1}`, `{"c":1}`},
		{`{"type":"integer","format":"int32"}`, `-2147483648`, `2147483648`},
		{`{"type":"number","format":"double"}`, `1.5`, `"1.5"`},
		{`{"type":"integer","format":"uint64"}`, `18446744073709551615`, `18446744073709551616`},
		{`{"type":"integer","format":"uint64"}`, `0`, `-1`},
		{`{"type":"number","format":"float"}`, `-1.5`, `-1000000000000000000000000000000000000000`},
		{`{"type":"number","format":"float"}`, `340000000000000000000000000000000000000`, `340000000000000000000000000000000000001`},
		{`{"$schema":"http://json-schema.org/draft-07/schema#","const":"x"}`, `"x"`, `"y"`},
	} {
		g, err := FromJSONSchema([]byte(c.doc), Options{Exact: true})
		if err != nil {
			t.Errorf("%s: %v", c.doc, err)
			continue
		}
		if !g.Match(c.good) || g.Match(c.bad) {
			t.Errorf("%s: %s accepted %v, %s accepted %v", c.doc, c.good, g.Match(c.good), c.bad, g.Match(c.bad))
		}
		if err := g.Validate([]byte(c.good)); err != nil {
			t.Errorf("%s: %s: %v", c.doc, c.good, err)
		}
		if g.Validate([]byte(c.bad)) == nil {
			t.Errorf("%s: %s is valid", c.doc, c.bad)
		}
	}
}

// TestValidateAfterwards shows the keywords that cannot be enforced being left to validation.
func TestValidateAfterwards(t *testing.T) {
	doc := []byte(`{"type":"array","items":{"type":"array","maxItems":2,"items":{"type":"integer"}},"uniqueItems":true}`)
	if _, err := FromJSONSchema(doc, Options{}); err == nil {
		t.Fatal("compiled")
	}
	g, err := FromJSONSchema(doc, Options{Validate: true})
	if err != nil {
		t.Fatal(err)
	}
	if un := g.Unenforced(); len(un) != 1 || un[0].Keyword != "uniqueItems" {
		t.Errorf("left to validation: %v", un)
	}
	if !g.Match(`[[1],[1]]`) {
		t.Error("the keyword was enforced")
	}
	var v *Violation
	if err := g.Validate([]byte(`[[1],[1]]`)); !errors.As(err, &v) || v.Keyword != "uniqueItems" {
		t.Errorf("%v", err)
	}
	if err := g.Validate([]byte(`[[1],[2]]`)); err != nil {
		t.Error(err)
	}
	if err := g.Validate([]byte(`[[1],["x"]]`)); !errors.As(err, &v) || v.Instance != "/1/0" || v.Schema != "/items/items" {
		t.Errorf("%v", err)
	}
}

func FuzzGBNF(f *testing.F) {
	for _, s := range []string{`root ::= "a" | [b-d]* x` + "\nx ::= (\"e\"){2,3}?", "root ::= .{3} # x\n", `root ::= "\x41" r? ` + "\nr ::= root"} {
		f.Add(s, "ab")
	}
	f.Fuzz(func(t *testing.T, src, text string) {
		if len(src) > 200 || len(text) > 50 {
			return
		}
		g, err := FromGBNF(src)
		if err != nil {
			return
		}
		if g.Match(text) && !g.Completable(text) {
			t.Error("matches but cannot be completed")
		}
	})
}

func FuzzSchema(f *testing.F) {
	for _, s := range benchSchemas {
		f.Add(s, `{"a":1}`)
	}
	f.Add(`{"anyOf":[{"$ref":"#/$defs/a"},{"not":{"contains":{"minimum":3}}}],"$defs":{"a":{"unevaluatedItems":false}}}`, `[1]`)
	f.Fuzz(func(t *testing.T, doc, text string) {
		if len(doc) > 300 || len(text) > 60 {
			return
		}
		g, err := FromJSONSchema([]byte(doc), Options{Exact: true})
		if err != nil {
			return
		}
		if !g.Match(text) {
			return
		}
		if !json.Valid([]byte(text)) {
			t.Fatalf("not JSON: %q", text)
		}
		if err := g.Validate([]byte(text)); err != nil {
			t.Errorf("accepted %q: %v", text, err)
		}
	})
}

// TestHostileMasks asks for masks of grammars made to hurt, with a vocabulary that follows all their turns. A mask is made in
// bounded time, and never leaves the text without a way on.
func TestHostileMasks(t *testing.T) {
	v := Vocabulary{}
	for n := 1; n <= 12; n++ {
		for k := range 1 << n {
			v.Pieces = append(v.Pieces, []byte(strings.NewReplacer("0", "a", "1", "b").Replace(fmt.Sprintf("%0*b", n, k))))
		}
	}
	v.Pieces, v.End = append(v.Pieces, nil), []int{len(v.Pieces)}
	many, deep := "root ::= \"a\"", "root ::= r0"
	for i := range 60 {
		many += fmt.Sprintf(" | r%d", i)
	}
	for i := range 300 {
		deep += fmt.Sprintf("\nr%d ::= [ab] (r%d | r%d)? [ab]* r%d?", i, (i+1)%300, (i+7)%300, (i+31)%300)
	}
	for i := range 60 {
		many += fmt.Sprintf("\nr%d ::= [ab]{%d} (root | [ab]+ r%d [ab]) [ab]?", i, 1+i%40, (i+1)%60)
	}
	now := cpuClock(t)
	for name, src := range map[string]string{
		"trees": "root ::= r r\nr ::= [ab] r? r? | [ab] root?", "pairs": "root ::= [ab] root [ab] | [ab] root root | [ab]",
		"many rules": many, "deep rules": deep,
	} {
		g, err := FromGBNF(src)
		if errors.Is(err, ErrTooLarge) {
			t.Logf("%s: %v", name, err)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		c, err := Compile(g, v)
		if err != nil {
			t.Fatal(err)
		}
		s, mask := c.NewState(), make(Mask, c.MaskWords())
		worst, ambiguous, n := time.Duration(0), 0, 0
		for ; n < 6; n++ {
			start := now()
			s.Mask(mask)
			worst = max(worst, now()-start)
			if s.Ambiguous() {
				ambiguous++
			}
			if !mask.Has(0) && !mask.Has(1) && !s.Done() {
				t.Fatalf("%s: no way on", name)
			}
			if err := s.AcceptBytes([]byte(strings.Repeat("ab", 1+n)[:1+n])); err != nil {
				t.Logf("%s: after %d: %v", name, n, err)
				break
			}
		}
		t.Logf("%s: %d masks, %d of them not whole, worst %v", name, n, ambiguous, worst)
		if worst > 2*time.Second {
			t.Errorf("%s: a mask took %v", name, worst)
		}
	}
}
