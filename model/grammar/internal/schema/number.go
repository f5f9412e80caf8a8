package schema

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"

	"github.com/seed64708441/ember/model/grammar/internal/dfa"
)

// A number is a decimal: integer digits without leading zeros, fraction digits without trailing zeros.
type number struct {
	neg       bool
	int, frac string
}

// maxDigits bounds the digits of numbers in a schema.
const maxDigits = 4000

func parseNumber(n json.Number) (number, error) {
	s := string(n)
	var d number
	if s[0] == '-' {
		d.neg, s = true, s[1:]
	}
	exp := 0
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		e, err := strconv.Atoi(s[i+1:])
		if err != nil || e > maxDigits || e < -maxDigits {
			return d, fmt.Errorf("number %s has too many digits", n)
		}
		exp, s = e, s[:i]
	}
	d.int, d.frac, _ = strings.Cut(s, ".")
	for ; exp > 0; exp-- {
		if d.frac == "" {
			d.frac = "0"
		}
		d.int, d.frac = d.int+d.frac[:1], d.frac[1:]
	}
	for ; exp < 0; exp++ {
		if d.int == "" {
			d.int = "0"
		}
		d.int, d.frac = d.int[:len(d.int)-1], d.int[len(d.int)-1:]+d.frac
	}
	d.int = strings.TrimLeft(d.int, "0")
	d.frac = strings.TrimRight(d.frac, "0")
	if d.int == "" && d.frac == "" {
		d.neg = false
	}
	if len(d.int)+len(d.frac) > maxDigits {
		return d, fmt.Errorf("number %s has too many digits", n)
	}
	return d, nil
}

func (n number) key() string {
	if n.neg {
		return "-" + n.int + "." + n.frac
	}
	return n.int + "." + n.frac
}

// String returns the shortest plain spelling.
func (n number) String() string {
	s := n.int
	if s == "" {
		s = "0"
	}
	if n.frac != "" {
		s += "." + n.frac
	}
	if n.neg {
		s = "-" + s
	}
	return s
}

// The phases of a plain decimal: -?(0|[1-9][0-9]*)(\.[0-9]+)?
const (
	nStart uint8 = iota
	nMinus
	nZero
	nInt
	nPoint
	nFrac
)

// plain follows the spelling of plain decimals; ok is false for a character that cannot come.
func plain(phase uint8, r rune) (next uint8, ok bool) {
	digit := r >= '0' && r <= '9'
	switch phase {
	case nStart:
		if r == '-' {
			return nMinus, true
		}
		fallthrough
	case nMinus:
		if r == '0' {
			return nZero, true
		}
		return nInt, digit
	case nZero:
		return nPoint, r == '.'
	case nInt:
		if r == '.' {
			return nPoint, true
		}
		return nInt, digit
	}
	return nFrac, digit
}

func ends(phase uint8) bool { return phase == nZero || phase == nInt || phase == nFrac }

var digitCuts = []rune{'-', '.', '.' + 1, '/', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '9' + 1}

// comparing is the state of a comparison of the number being written with a constant: by size of the integer part,
// then digit by digit.
type comparing struct {
	phase   uint8
	neg     bool
	nonzero bool
	n       int32 // digits read in this part, up to one more than the constant has
	cmp     int8  // of the digits so far
}

// The signs of a comparison.
const (
	signBelow = 1 << iota
	signEqual
	signAbove
)

// compare builds the automaton of the plain decimals x for which the sign of x - c is among signs.
func compare(c number, signs uint8) (*dfa.DFA, error) {
	step := func(s comparing, r rune) (comparing, bool) {
		next, ok := plain(s.phase, r)
		if !ok {
			return s, false
		}
		switch {
		case next == nMinus:
			s.neg = true
		case next == nInt:
			s.digit(c.int, r)
			s.nonzero = true
			s.n = min(s.n, int32(len(c.int))+1)
		case next == nPoint:
			s.cmp = s.magnitude(c.int)
			s.n = 0
		case next == nFrac:
			s.digit(c.frac, r)
			s.nonzero = s.nonzero || r != '0'
			s.n = min(s.n, int32(len(c.frac)))
		}
		s.phase = next
		return s, true
	}
	return dfa.Build(comparing{}, digitCuts, step, func(s comparing) int32 {
		if ends(s.phase) && signs&s.sign(c) != 0 {
			return 0
		}
		return dfa.NoLabel
	})
}

// digit compares the next digit with that of the constant.
func (s *comparing) digit(of string, r rune) {
	d := '0'
	if int(s.n) < len(of) {
		d = rune(of[s.n])
	} else if s.phase == nStart || s.phase == nMinus || s.phase == nZero || s.phase == nInt {
		s.n++
		return // more digits than the constant: longer is greater, see magnitude
	}
	if s.cmp == 0 {
		s.cmp = int8(sign(int(r - d)))
	}
	s.n++
}

// magnitude compares the integer part read with that of the constant.
func (s comparing) magnitude(of string) int8 {
	n := s.n
	if s.phase == nZero {
		n = 0
	}
	if int(n) != len(of) {
		return int8(sign(int(n) - len(of)))
	}
	return s.cmp
}

func (s comparing) sign(c number) uint8 {
	m := s.cmp
	if s.phase != nFrac {
		m = s.magnitude(c.int)
		if m == 0 && c.frac != "" {
			m = -1
		}
	} else if m == 0 && int(s.n) < len(c.frac) {
		m = -1
	}
	neg := s.neg && s.nonzero
	switch {
	case neg && c.neg:
		m = -m
	case neg:
		m = -1
	case c.neg:
		m = 1
	}
	return uint8(signEqual) << 1 >> (1 - m)
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

// dividing is the state of a division by a constant: the remainder of the digits read.
type dividing struct {
	phase uint8
	rem   int32
	frac  int32
}

// maxModulus bounds the constant of multipleOf, scaled to an integer.
const maxModulus = 20_000

// multiple builds the automaton of the plain decimals that are multiples of c.
func multiple(c number) (*dfa.DFA, error) {
	scale := int32(len(c.frac))
	m64, err := strconv.ParseInt(strings.TrimLeft(c.int+c.frac, "0"), 10, 64)
	if err != nil || m64 > maxModulus {
		return nil, dfa.ErrTooLarge
	}
	m := int32(m64)
	step := func(s dividing, r rune) (dividing, bool) {
		next, ok := plain(s.phase, r)
		if !ok {
			return s, false
		}
		s.phase = next
		if r >= '0' && r <= '9' {
			if next == nFrac && s.frac == scale {
				return s, r == '0'
			}
			s.rem = (s.rem*10 + int32(r-'0')) % m
			if next == nFrac {
				s.frac++
			}
		}
		return s, true
	}
	return dfa.Build(dividing{}, digitCuts, step, func(s dividing) int32 {
		rem := s.rem
		for range scale - s.frac {
			rem = rem * 10 % m
		}
		if ends(s.phase) && rem == 0 {
			return 0
		}
		return dfa.NoLabel
	})
}

// The languages of numbers, as regular expressions.
const (
	plainInteger  = `0|-?[1-9][0-9]*`                                    // the way programs write integers
	anyInteger    = `-?(0|[1-9][0-9]*)(\.0+)?`                           // every plain spelling of an integer
	anyPlain      = `-?(0|[1-9][0-9]*)(\.[0-9]+)?`                       // every plain decimal
	anyNumber     = `-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]{1,3})?` // every JSON number, the exponent within reason
	shortestPlain = `0|-?(0\.[0-9]*[1-9]|[1-9][0-9]*(\.[0-9]*[1-9])?)`   // one spelling for each value
	boundedPlain  = `-?(0|[1-9][0-9]{0,%d})(\.[0-9]{1,%d})?`             // what fits a float64
	boundedNumber = boundedPlain + `([eE][+-]?[0-9]{1,2})?`              // with an exponent
)

// isZero reports whether n is 0.
func (n number) isZero() bool { return n.int == "" && n.frac == "" }

// rat returns the value.
func (n number) rat() *big.Rat {
	r, _ := new(big.Rat).SetString(n.String())
	return r
}
