package testmodel

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/seed64708441/ember/ops/ref"
	"github.com/seed64708441/ember/tensor/quant"
	"github.com/seed64708441/ember/tokenize"
)

// story is a text of facts between other words, about a number of keys, each once.
type story struct {
	ids    []int32
	answer map[int]int // value by key
	place  map[int]int // position of the value by key
}

// tell makes a story of about n tokens about the first keys of a model; facts lie at random places.
func tell(t *testing.T, w *WiredModel, facts, n int, seed uint64) story {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	s := story{ids: []int32{BOS}, answer: map[int]int{}, place: map[int]int{}}
	others := strings.Fields(otherWords)
	order := rng.Perm(facts)
	for i, k := range order {
		for len(s.ids)-1 < (n-3*(facts-i))*(i+1)/facts { // spread the rest of the words
			s.ids = append(s.ids, id(t, w, " "+others[rng.IntN(len(others))]))
		}
		s.answer[k], s.place[k] = rng.IntN(len(w.Values)), len(s.ids)+1
		s.ids = append(s.ids, id(t, w, " "+w.Keys[k]), id(t, w, " "+w.Values[s.answer[k]]), id(t, w, "."))
	}
	return s
}

func id(t *testing.T, w *WiredModel, text string) int32 {
	t.Helper()
	i, ok := w.ID(text)
	if !ok {
		t.Fatalf("no token %q", text)
	}
	return i
}

// ask appends the keys to a story and returns the most likely token after each, and by how much it leads.
func ask(t *testing.T, w *WiredModel, m *ref.Machine, ids []int32, keys []int) (answers []int32, lead float64) {
	t.Helper()
	var outputs []int32
	ids = append([]int32(nil), ids...)
	for _, k := range keys {
		outputs = append(outputs, int32(len(ids)))
		ids = append(ids, id(t, w, " "+w.Keys[k]))
	}
	y, err := m.Step(m.NewSequence(), ids, nil, outputs)
	if err != nil {
		t.Fatal(err)
	}
	v := len(y) / len(keys)
	lead = math.Inf(1)
	for i := range keys {
		best, gap := top(y[i*v:][:v])
		answers, lead = append(answers, best), min(lead, gap)
	}
	return answers, lead
}

// top returns the largest logit's index and its lead over the second.
func top(y []float64) (int32, float64) {
	best, second := 0, -1
	for i := 1; i < len(y); i++ {
		switch {
		case y[i] > y[best]:
			best, second = i, best
		case second < 0 || y[i] > y[second]:
			second = i
		}
	}
	return int32(best), y[best] - y[second]
}

func wire(t *testing.T, c WiredConfig) (*WiredModel, *opened) {
	t.Helper()
	w, err := Wired(c)
	if err != nil {
		t.Fatal(err)
	}
	return w, open(t, w.Model)
}

// right asks for every key of a story and returns how many answers are right.
func right(t *testing.T, w *WiredModel, m *ref.Machine, s story) (n int, lead float64) {
	t.Helper()
	keys := count(len(s.answer))
	answers, lead := ask(t, w, m, s.ids, keys)
	for i, k := range keys {
		if answers[i] == id(t, w, " "+w.Values[s.answer[k]]) {
			n++
		}
	}
	return n, lead
}

func count(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// TestWiredRecall asks for each of 200 facts in 2000 tokens: all answers are right, and by far. The control is the same
// story seen through a window: what lies outside is guessed, one of 50 values, and what lies inside is right.
func TestWiredRecall(t *testing.T) {
	const facts, tokens = 200, 2000
	w, o := wire(t, WiredConfig{})
	s := tell(t, w, facts, tokens, 1)
	if n := len(s.ids); n < tokens-20 || n > tokens+20 {
		t.Fatalf("the story has %d tokens", n)
	}
	n, lead := right(t, w, o.machine, s)
	t.Logf("full context: %d of %d, least lead %.1f", n, facts, lead)
	if n != facts || lead < 10 {
		t.Errorf("full context: %d of %d are right, with a lead of at least %.1f: want all, by 10", n, facts, lead)
	}
	const window = 512
	w, o = wire(t, WiredConfig{Window: window})
	answers, _ := ask(t, w, o.machine, s.ids, count(facts))
	var seen, seenRight, lost, lostRight int
	for k, a := range answers {
		ok := a == id(t, w, " "+w.Values[s.answer[k]])
		if len(s.ids)+k-s.place[k] < window { // from the value to the question
			seen++
			seenRight += map[bool]int{true: 1}[ok]
		} else {
			lost++
			lostRight += map[bool]int{true: 1}[ok]
		}
	}
	t.Logf("window of %d: %d of %d inside, %d of %d outside", window, seenRight, seen, lostRight, lost)
	if seen < 20 || seenRight != seen || lost < 100 || lostRight > lost/10 {
		t.Errorf("window of %d: %d of %d inside and %d of %d outside are right: want all and chance, about %d", window, seenRight, seen, lostRight, lost, lost/len(w.Values))
	}
}

// TestWiredSentence follows a text to its end, through the tokenizer.
func TestWiredSentence(t *testing.T) {
	_, o := wire(t, WiredConfig{})
	for _, c := range []struct{ prompt, want string }{
		{"Anna Oslo. Ben Lima. Anna", " Oslo."},
		{"Anna Oslo. Ben Lima. Ben", " Lima."},
		{"Anna Oslo.\nBen Lima.\nClara Rome.\nBen", " Lima."},
		{"Anna lived in Oslo. Anna Rome . it is cold, say people. Anna", " Rome."},
		{"Ben Oslo. Anna", " unknown."},
		{"Anna", " unknown."},
		{"Anna Oslo. Anna Paris. Ben Rome. Anna", " Paris."},
		{"Anna Oslo. the year has Anna. Ben Rome. Anna", " Oslo."},
		{"Anna Oslo. Ben Oslo. Clara Oslo. Ben", " Oslo."},
		{"Anna Oslo", "."},
		{"Anna Oslo.", ""},
		{"", ""},
	} {
		ids, err := o.tokenizer.Encode(nil, c.prompt, tokenize.EncodeOptions{AddSpecial: true})
		if err != nil {
			t.Fatal(err)
		}
		seq := o.machine.NewSequence()
		var answer []int32
		for len(answer) < 5 {
			y, err := o.machine.Step(seq, ids, nil, []int32{int32(len(ids) - 1)})
			if err != nil {
				t.Fatal(err)
			}
			next, _ := top(y)
			if next == EOS {
				break
			}
			answer = append(answer, next)
			ids = []int32{next}
		}
		got, err := o.tokenizer.Decode(answer, tokenize.DecodeOptions{Continue: true})
		if err != nil || got != c.want {
			t.Errorf("%q goes on %q, %v: want %q", c.prompt, got, err, c.want)
		}
	}
}

// TestWiredStorage checks that recall survives what a cache in a smaller type does to keys and values.
func TestWiredStorage(t *testing.T) {
	w, o := wire(t, WiredConfig{})
	s := tell(t, w, 100, 700, 2)
	half := func(x []float64) {
		for i, v := range x {
			x[i] = float64(quant.F16ToF32(quant.F32ToF16(float32(v))))
		}
	}
	byte8 := func(x []float64) {
		for i := 0; i < len(x); i += 32 {
			top := 0.0
			for _, v := range x[i:][:32] {
				top = max(top, math.Abs(v))
			}
			d := float64(quant.F16ToF32(quant.F32ToF16(float32(top / 127))))
			for j, v := range x[i:][:32] {
				if d > 0 {
					x[i+j] = math.RoundToEven(v/d) * d
				}
			}
		}
	}
	for name, f := range map[string]func(x []float64){"F16": half, "Q8_0": byte8} {
		o.machine.Round = ref.Rounding{Key: f, Value: f}
		n, lead := right(t, w, o.machine, s)
		if n != 100 || lead < 10 {
			t.Errorf("%s: %d of 100 are right, with a lead of at least %.1f", name, n, lead)
		}
	}
}

// TestWiredSizes makes models of other sizes: more words, and the largest context.
func TestWiredSizes(t *testing.T) {
	for _, c := range []WiredConfig{{Keys: 1000, Values: 200, Seed: 3}, {Keys: 2, Values: 2}, {Context: 1 << 17}} {
		w, o := wire(t, c)
		s := tell(t, w, min(len(w.Keys), 60), 300, 4)
		if n, lead := right(t, w, o.machine, s); n != len(s.answer) || lead < 10 {
			t.Errorf("%+v: %d of %d are right, with a lead of at least %.1f", c, n, len(s.answer), lead)
		}
		seen := map[string]bool{}
		for _, word := range append(w.Keys, w.Values...) {
			if seen[word] || strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
				t.Errorf("%+v: word %q", c, word)
			}
			seen[word] = true
		}
	}
}

func TestWiredBytes(t *testing.T) {
	w, _ := wire(t, WiredConfig{})
	b, err := w.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d KiB", len(b)>>10)
	if len(b) > 2<<20 {
		t.Errorf("the file has %d bytes", len(b))
	}
}

func TestWiredValidate(t *testing.T) {
	_, err := Wired(WiredConfig{Keys: -1, Values: 1000, Context: 1 << 20, Window: 1})
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"Keys is -1", "Values is 1000", "Context is 1048576", "Window is 1"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v: does not say %s", err, want)
		}
	}
}

// TestCodes checks the two tools that the wiring stands on.
func TestCodes(t *testing.T) {
	cs, err := codes(300, keyBits, keyBound, random(1, "x"))
	if err != nil {
		t.Fatal(err)
	}
	for i, a := range cs {
		for _, b := range cs[:i] {
			p := float32(0)
			for j := range keyBits {
				p += sign(a, j) * sign(b, j)
			}
			if p > keyBound || p < -keyBound {
				t.Fatalf("two codes have the product %v", p)
			}
			if b == cs[0] && p != 0 {
				t.Fatalf("the first and another code have the product %v", p)
			}
		}
	}
	if _, err := codes(100, 8, 0, random(1, "x")); err == nil {
		t.Error("100 orthogonal codes of 8 signs were found")
	}
	fs, gap, err := frequencies(placePairs, 3000, 6, random(1, "y"))
	if err != nil || gap < 6 || gap != leastGap(fs, 3000, 6) {
		t.Errorf("gap %v, %v", gap, err)
	}
	if _, _, err := frequencies(2, 3000, 3.9, random(1, "y")); err == nil {
		t.Error("two frequencies keep 3000 positions apart")
	}
}
