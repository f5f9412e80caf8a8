package testmodel

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// WiredConfig says how many words the wired model knows. The zero value works.
type WiredConfig struct {
	// Keys and Values are the numbers of words that can be asked about and answered: 200 and 50 by default, at most 1000
	// and 200. Words beyond the lists are made up.
	Keys, Values int
	// Context is the number of positions up to which the later of two facts about a key wins; 8192 by default, at most
	// 131072. A fact alone is found at any distance up to it.
	Context int
	// Window is the sliding window of both layers, 0 for none: what lies outside is forgotten. llama.cpp takes no notice
	// of the key.
	Window int
	Seed   uint64
}

// WiredModel is a model that continues a text by looking things up in it. A fact is a key followed by a value; after a
// key that has a fact comes the value of the latest one, after a key that has none the word "unknown", after a value a
// full stop, and after that, or anything else, the end. For example, "Anna Oslo. Ben Lima. Anna" goes on " Oslo.".
type WiredModel struct {
	*Model
	// Keys and Values are the words, without the space in front that their tokens have.
	Keys, Values []string
	// Unknown is the answer to a key without a fact.
	Unknown string

	ids map[string]int32
}

// ID returns the id of a token by its text, such as " Anna", " Oslo" or ".".
func (w *WiredModel) ID(text string) (int32, bool) {
	id, ok := w.ids[text]
	return id, ok
}

// Fact is the text that gives value v to key k, to be joined to others: " Anna Oslo.".
func (w *WiredModel) Fact(k, v int) string { return " " + w.Keys[k] + " " + w.Values[v] + "." }

// The residual stream: which elements hold what. RATIONALE.md explains the numbers.
const (
	keyAt, keyBits     = 0, 48               // the code of the token as a key
	valueAt, valueBits = keyAt + keyBits, 32 // its code as a value, and the answer
	prevAt             = valueAt + valueBits // the key code of the token before, written by layer 0
	constAt            = prevAt + keyBits    // flagSize in every token
	classAt            = constAt + 1         // flagSize at the class of the token
	wiredWidth         = (classAt + classes + 15) / 16 * 16
	flagSize           = 2

	keyBound, valueBound = 20, 12 // the largest product of two codes

	wiredHead  = 96 // elements of the head
	placePairs = 22 // pairs that tell positions apart, in layer 0
	agePair    = placePairs
	markPair   = agePair + 1 // BOS and value marks, not rotated
	codePair   = markPair + 1
	wiredFFN   = 16 // a feed-forward block of zeros
)

// Classes of tokens.
const (
	classOther = iota
	classKey
	classValue
	classStop
	classBOS
	classes
)

// Sizes of scores, in nats, and of what the head adds up.
const (
	placeMargin = 32  // previous token over all others
	matchScore  = 420 // key equal
	ageScore    = 100 // from now to Context ago
	valueScore  = 115 // the token is a value
	bosScore    = 411 // the fallback
	answerSize  = 8   // of the answer beside the token's own value code
	answerGain  = 0.7
	stopGain    = 160
	wiredEps    = 1e-5
)

// Validate lists every problem.
func (c WiredConfig) Validate() error {
	var errs []error
	for _, f := range []struct {
		name      string
		v, lo, hi int
	}{{"Keys", c.Keys, 0, 1000}, {"Values", c.Values, 0, 200}, {"Context", c.Context, 0, 1 << 17}, {"Window", c.Window, 0, 1 << 17}} {
		if f.v < f.lo || f.v > f.hi {
			errs = append(errs, fmt.Errorf("testmodel: %s is %d: want %d to %d", f.name, f.v, f.lo, f.hi))
		}
	}
	if c.Window == 1 {
		errs = append(errs, errors.New("testmodel: Window is 1: want 0, or 2 and more, to see the token before"))
	}
	return errors.Join(errs...)
}

// wired is a model in the making.
type wired struct {
	*WiredModel
	c     WiredConfig
	v     *vocabulary
	class []int    // by token
	key   []uint64 // key code by token
	value []uint64 // value code by token
	freqs []float64
	place float64 // score of each pair of layer 0
}

// Wired returns the hand-wired model, of the architecture llama in F32.
func Wired(c WiredConfig) (*WiredModel, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	for _, f := range []struct {
		v       *int
		missing int
	}{{&c.Keys, 200}, {&c.Values, 50}, {&c.Context, 8192}} {
		if *f.v == 0 {
			*f.v = f.missing
		}
	}
	w := &wired{WiredModel: &WiredModel{Model: &Model{}, Unknown: "unknown", ids: map[string]int32{}}, c: c, v: byteLevel()}
	if err := w.vocabulary(); err != nil {
		return nil, err
	}
	factors, err := w.rotation()
	if err != nil {
		return nil, err
	}
	w.keys()
	return w.WiredModel, w.tensors(factors)
}

// vocabulary makes the tokens, each with its class and its two codes.
func (w *wired) vocabulary() error {
	taken := map[string]bool{w.Unknown: true}
	other := words(otherWords, len(strings.Fields(otherWords)), taken)
	w.Values = words(valueWords, w.c.Values, taken)
	w.Keys = words(keyWords, w.c.Keys, taken)
	keys, err := codes(w.c.Keys+1, keyBits, keyBound, random(w.c.Seed, "keys")) // code 0 is "no key"
	if err != nil {
		return err
	}
	values, err := codes(w.c.Values+1, valueBits, valueBound, random(w.c.Seed, "values")) // code 0 is "unknown"
	if err != nil {
		return err
	}
	for id := range w.v.tokens {
		w.describe(classOther, keys[0], values[0])
		if b := id - firstByte; b >= 0 {
			w.ids[string([]byte{byte(b)})] = int32(id)
		}
	}
	w.class[BOS] = classBOS
	w.class[w.ids["."]] = classStop
	w.token(" .", classStop, keys[0], values[0])
	w.token(" "+w.Unknown, classValue, keys[0], values[0])
	for _, text := range other {
		w.token(" "+text, classOther, keys[0], values[0])
	}
	for i, text := range w.Values {
		w.token(" "+text, classValue, keys[0], values[i+1])
	}
	for i, text := range w.Keys {
		w.token(" "+text, classKey, keys[i+1], values[0])
		w.token(text, classKey, keys[i+1], values[0])
	}
	return nil
}

func (w *wired) token(text string, class int, key, value uint64) {
	w.ids[text] = int32(len(w.v.tokens))
	spelled := ""
	for _, b := range []byte(text) {
		spelled += string(byteLetter(b))
	}
	w.v.add(typeNormal, spelled)
	w.describe(class, key, value)
}

func (w *wired) describe(class int, key, value uint64) {
	w.class, w.key, w.value = append(w.class, class), append(w.key, key), append(w.value, value)
}

// rotation chooses the angle of each pair and returns the factors that give it: those that rope_freqs.weight holds
// divide the usual frequencies.
func (w *wired) rotation() ([]float32, error) {
	want, gap, err := frequencies(placePairs, w.c.Context, 6, random(w.c.Seed, "places"))
	if err != nil {
		return nil, err
	}
	w.place = placeMargin / gap
	want = append(want, math.Pi/2/float64(w.c.Context)) // age
	factors := make([]float32, wiredHead/2)
	for i := range factors {
		usual := math.Pow(10000, -float64(2*i)/wiredHead)
		factors[i] = 1e30 // as good as not rotated
		if i < len(want) {
			factors[i] = float32(usual / want[i])
		}
		w.freqs = append(w.freqs, usual/float64(factors[i]))
	}
	return factors, nil
}

func (w *wired) keys() {
	const a = "llama."
	w.set("general.architecture", "llama", "general.name", "wired associative recall", "general.file_type", uint32(0),
		a+"vocab_size", uint32(len(w.v.tokens)), a+"context_length", uint32(w.c.Context), a+"embedding_length", uint32(wiredWidth),
		a+"block_count", uint32(2), a+"feed_forward_length", uint32(wiredFFN), a+"attention.head_count", uint32(1),
		a+"attention.head_count_kv", uint32(1), a+"attention.key_length", uint32(wiredHead), a+"attention.value_length", uint32(wiredHead),
		a+"attention.layer_norm_rms_epsilon", float32(wiredEps), a+"rope.freq_base", float32(10000), a+"rope.dimension_count", uint32(wiredHead))
	if w.c.Window > 0 {
		w.set(a+"attention.sliding_window", uint32(w.c.Window))
	}
	// The pre-tokenizer of Llama 3 takes a word that is a token as it is; the one merge is there because the key must be.
	w.bpe(w.v, "llama-bpe", []string{"h e"}, true)
}
