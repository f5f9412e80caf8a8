package testmodel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/seed64708441/ember/tensor"
)

// WiredConfig says how many words the wired model knows. The zero value works.
type WiredConfig struct {
	// Keys and Values are the numbers of words that can be asked about and answered: 200 and 50 by default, at most 1000
	// and 200. Words beyond the lists are made up.
	Keys, Values int
	// Context is the number of positions up to which the later of two facts about a key wins; 8192 by default, at most
	// 131072. A fact alone is found at any distance up to it.
	Context int
	// Window is the sliding window of both layers, 0 for none. What lies outside is forgotten.
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

// matrix is a dense matrix that is written as F32.
type matrix struct {
	rows, cols int
	x          []float32
}

func newMatrix(rows, cols int) *matrix { return &matrix{rows, cols, make([]float32, rows*cols)} }

func (m *matrix) set(row, col int, v float64) { m.x[row*m.cols+col] = float32(v) }

func (w *wired) matrix(name string, m *matrix) error {
	shape := tensor.Shape{m.rows, m.cols}
	if m.rows == 1 {
		shape = shape[1:]
	}
	return w.add(name, tensor.F32, shape, func(to io.Writer) error {
		b := make([]byte, 0, 4*len(m.x))
		for _, v := range m.x {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
		_, err := to.Write(b)
		return err
	})
}

// norm is a norm's weight that undoes the division for inputs of the given squared length: the row passes unchanged.
func norm(square float64) *matrix {
	m := newMatrix(1, wiredWidth)
	for i := range m.x {
		m.x[i] = float32(math.Sqrt(square/wiredWidth + wiredEps))
	}
	return m
}

// tensors adds all weights.
func (w *wired) tensors(factors []float32) error {
	const embedded = keyBits + valueBits + 2*flagSize*flagSize // the squared length of every embedding
	all := []struct {
		name string
		m    *matrix
	}{
		{"token_embd", w.embedding()},
		{"rope_freqs", &matrix{1, len(factors), factors}},
		{"blk.0.attn_norm", norm(embedded)},
		{"blk.1.attn_norm", norm(embedded + keyBits)},
		{"output_norm", norm(wiredWidth)},
		{"output", w.head()},
	}
	for i, layer := range []func() (q, k, v, o *matrix){w.previous, w.lookUp} {
		q, k, v, o := layer()
		b := fmt.Sprintf("blk.%d.", i)
		all = append(all, []struct {
			name string
			m    *matrix
		}{{b + "attn_q", q}, {b + "attn_k", k}, {b + "attn_v", v}, {b + "attn_output", o}, {b + "ffn_norm", norm(wiredWidth)},
			{b + "ffn_gate", newMatrix(wiredFFN, wiredWidth)}, {b + "ffn_up", newMatrix(wiredFFN, wiredWidth)}, {b + "ffn_down", newMatrix(wiredWidth, wiredFFN)}}...)
	}
	for _, t := range all {
		if err := w.matrix(t.name+".weight", t.m); err != nil {
			return err
		}
	}
	return nil
}

func (w *wired) embedding() *matrix {
	m := newMatrix(len(w.class), wiredWidth)
	for id, class := range w.class {
		for i := range keyBits {
			m.set(id, keyAt+i, float64(sign(w.key[id], i)))
		}
		for i := range valueBits {
			m.set(id, valueAt+i, float64(sign(w.value[id], i)))
		}
		m.set(id, constAt, flagSize)
		m.set(id, classAt+class, flagSize)
	}
	return m
}

// unit makes a score of one: scores are divided by the root of the head size, 96.
const unit = 9.797958971132712

// previous is layer 0: the query of every position is the key of the one before, and what it finds is copied.
func (w *wired) previous() (q, k, v, o *matrix) {
	q, k, v, o = newMatrix(wiredHead, wiredWidth), newMatrix(wiredHead, wiredWidth), newMatrix(wiredHead, wiredWidth), newMatrix(wiredWidth, wiredHead)
	for j := range placePairs {
		sin, cos := math.Sincos(-w.freqs[j])
		q.set(2*j, constAt, unit*w.place*cos/flagSize)
		q.set(2*j+1, constAt, unit*w.place*sin/flagSize)
		k.set(2*j, constAt, 1.0/flagSize)
	}
	for i := range keyBits {
		v.set(i, keyAt+i, 1)
		o.set(prevAt+i, i, 1)
	}
	return q, k, v, o
}

// lookUp is layer 1: a key looks for the positions after itself, prefers values and what is late, and takes the value
// code found there; where nothing fits, the first position gives "unknown".
func (w *wired) lookUp() (q, k, v, o *matrix) {
	q, k, v, o = newMatrix(wiredHead, wiredWidth), newMatrix(wiredHead, wiredWidth), newMatrix(wiredHead, wiredWidth), newMatrix(wiredWidth, wiredHead)
	for i := range keyBits {
		q.set(2*codePair+i, keyAt+i, unit*matchScore/keyBits)
		k.set(2*codePair+i, prevAt+i, 1)
	}
	q.set(2*agePair+1, constAt, unit*ageScore/flagSize) // a quarter turn ahead: -sin of the age
	k.set(2*agePair, constAt, 1.0/flagSize)
	q.set(2*markPair, constAt, unit*bosScore/flagSize)
	k.set(2*markPair, classAt+classBOS, 1.0/flagSize)
	q.set(2*markPair+1, constAt, unit*valueScore/flagSize)
	k.set(2*markPair+1, classAt+classValue, 1.0/flagSize)
	for i := range valueBits {
		v.set(i, valueAt+i, 1)
		o.set(valueAt+i, i, answerSize)
	}
	return q, k, v, o
}

// head gives each answer the product with its code, and the full stop and the end the classes they follow.
func (w *wired) head() *matrix {
	m := newMatrix(len(w.class), wiredWidth)
	for id, class := range w.class {
		if class == classValue {
			for i := range valueBits {
				m.set(id, valueAt+i, answerGain*float64(sign(w.value[id], i)))
			}
		}
	}
	m.set(int(w.ids["."]), classAt+classValue, stopGain)
	for _, class := range []int{classStop, classOther, classBOS} {
		m.set(EOS, classAt+class, stopGain)
	}
	return m
}
