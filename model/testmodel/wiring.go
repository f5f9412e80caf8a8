package testmodel

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/seed64708441/ember/tensor"
)

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
