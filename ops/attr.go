package ops

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"strings"
)

// Attr is what an operation knows beside its operands: one of the structs below, or nil. String gives its text form.
type Attr interface {
	fmt.Stringer
	isAttr()
}

// Norm is the attribute of OpRMSNorm.
type Norm struct {
	// Eps is added to the mean square.
	Eps float32
}

// Activation is the function of a gated linear unit, the attribute of OpGLU.
type Activation uint8

// The activations.
const (
	// SiLU is x / (1 + exp(-x)).
	SiLU Activation = iota
)

// Axes is the attribute of OpReshape: the axes after the first.
type Axes []Dim

// Attention is the attribute of OpAttention. With p the position of a row's query and j that of a key,
//
//	s[j] = Scale * (R(p) q)·(R(j) k[j])        y = sum over visible j of softmax(s)[j] * v[j]
//
// where query head h reads key/value head h / (H/K). Key j is visible when j ≤ p and, with a window, p - j < Window.
type Attention struct {
	// State is the index of the key/value state that is appended to and read.
	State int
	// Scale multiplies the scores, commonly 1/sqrt(D).
	Scale float32
	// Window is how many positions a query sees, itself included; 0 is all.
	Window int
	// Rope is the rotation R; its zero value rotates nothing.
	Rope Rope
}

// Rope is a rotary position embedding (Su et al. 2021): pair i of the first 2*len(Freqs) elements of a head turns by
// position * Freqs[i], and both of its elements are multiplied by Magnitude. Angles are computed in float64. Every
// scaling rule whose frequencies do not depend on the sequence length (linear, Llama 3, YaRN) is a list of frequencies.
type Rope struct {
	// Freqs is the angle per position of each pair, in radians.
	Freqs []float64
	// Magnitude multiplies the rotated elements (the attention factor of YaRN); 0 means 1.
	Magnitude float64
	// Interleaved pairs elements 2i and 2i+1; otherwise i and i+len(Freqs) are a pair.
	Interleaved bool
}

func (Norm) isAttr()       {}
func (Activation) isAttr() {}
func (Axes) isAttr()       {}
func (Attention) isAttr()  {}

// String writes the attribute as in "eps=1e-05".
func (n Norm) String() string { return fmt.Sprintf("eps=%g", n.Eps) }

// String returns the name of the function.
func (a Activation) String() string {
	if a == SiLU {
		return "silu"
	}
	return "invalid"
}

// String writes the axes as in "[32 64]".
func (a Axes) String() string { return Shape(a).String() }

// String writes state, scale, window and rotation.
func (a Attention) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "state=s%d scale=%g", a.State, a.Scale)
	if a.Window > 0 {
		fmt.Fprintf(&b, " window=%d", a.Window)
	}
	if n := len(a.Rope.Freqs); n > 0 {
		order := "half"
		if a.Rope.Interleaved {
			order = "interleaved"
		}
		fmt.Fprintf(&b, " rope=%s:%d:%.6g..%.6g:%08x", order, n, a.Rope.Freqs[0], a.Rope.Freqs[n-1], a.Rope.hash())
		if m := a.Rope.Magnitude; m != 0 && m != 1 {
			fmt.Fprintf(&b, "*%g", m)
		}
	}
	return b.String()
}

// hash lets the text form show a change of any frequency, but for the last 12 of 52 bits: powers are not the same to the
// last bit on all machines.
func (r Rope) hash() uint32 {
	h := fnv.New32a()
	var b [8]byte
	for _, f := range r.Freqs {
		binary.LittleEndian.PutUint64(b[:], (math.Float64bits(f)+1<<11)>>12)
		h.Write(b[:])
	}
	return h.Sum32()
}

// Equal reports whether both rotations turn every pair alike.
func (r Rope) Equal(o Rope) bool {
	if len(r.Freqs) != len(o.Freqs) || r.Interleaved != o.Interleaved || r.Scale() != o.Scale() {
		return false
	}
	for i, f := range r.Freqs {
		if f != o.Freqs[i] {
			return false
		}
	}
	return true
}

// Scale returns Magnitude, or 1 where it is zero.
func (r Rope) Scale() float64 {
	if r.Magnitude == 0 {
		return 1
	}
	return r.Magnitude
}
