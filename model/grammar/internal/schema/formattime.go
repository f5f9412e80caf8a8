package schema

import (
	"fmt"

	"github.com/seed64708441/ember/model/grammar/internal/dfa"
)

// timeDFA returns the times and date-times of RFC 3339.
func timeDFA(name string, exact bool) (*dfa.DFA, error) {
	if !exact {
		clock := fClock + `(?:\.[0-9]{1,9})?(?:Z|` + fOffset + `)`
		if name == "date-time" {
			clock = fDate + `T` + clock
		}
		return dfa.Regexp(clock)
	}
	plain, err := dfa.Regexp(fClock + `(?:\.[0-9]+)?(?:[Zz]|` + fOffset + `)`)
	if err != nil {
		return nil, err
	}
	leap, err := leapSeconds()
	if err != nil {
		return nil, err
	}
	all, err := dfa.Or(plain, leap)
	if err != nil || name == "time" {
		return all, err
	}
	return afterDate(all)
}

// leapState is a place in a time with 60 seconds. Such a second is the last of a day in UTC, so that the time of day
// decides which offsets are possible.
type leapState struct {
	phase   uint8 // below 8: characters of HH:MM:60 read
	minutes int16 // of the local day
	sign    rune
	pos     uint8 // characters of the offset read
}

const (
	leapSecond = 8 + iota
	leapPoint
	leapFraction
	leapOffset
	leapEnd
)

const day = 24 * 60

func leapSeconds() (*dfa.DFA, error) {
	return dfa.Build(leapState{}, append([]rune{'+', '+' + 1, ':', ':' + 1, 'Z', 'Z' + 1, 'z', 'z' + 1}, digitCuts...), leapStep,
		func(s leapState) int32 {
			if s.phase == leapEnd {
				return 0
			}
			return dfa.NoLabel
		})
}

func leapStep(s leapState, r rune) (leapState, bool) {
	d := int16(r - '0')
	digit := d >= 0 && d <= 9
	switch s.phase {
	case 0:
		s.minutes = d * 600
		return s.next(), digit && d <= 2
	case 1:
		s.minutes += d * 60
		return s.next(), digit && s.minutes < day
	case 2, 5:
		return s.next(), r == ':'
	case 3:
		s.minutes += d * 10
		return s.next(), digit && d <= 5
	case 4:
		s.minutes += d
		return s.next(), digit
	case 6:
		return s.next(), r == '6'
	case 7:
		return s.next(), r == '0'
	case leapPoint:
		s.phase = leapFraction
		return s, digit
	case leapOffset:
		want := s.minutes + 1 // local minus offset is 23:59
		if s.sign == '-' {
			want = day - 1 - s.minutes
		}
		want %= day
		text := fmt.Sprintf("%02d:%02d", want/60, want%60)
		if r != rune(text[s.pos]) {
			return s, false
		}
		if s.pos++; s.pos == 5 {
			return leapState{phase: leapEnd}, true
		}
		return s, true
	case leapEnd:
		return s, false
	}
	switch {
	case r == '.' && s.phase == leapSecond:
		s.phase = leapPoint
		return s, true
	case digit && s.phase == leapFraction:
		return s, true
	case r == 'Z' || r == 'z':
		return leapState{phase: leapEnd}, s.minutes == day-1
	case r == '+' || r == '-':
		s.phase, s.sign = leapOffset, r
		return s, true
	}
	return s, false
}

func (s leapState) next() leapState {
	s.phase++
	return s
}

// dateTimeState is a place in a date or, after the T, in a time.
type dateTimeState struct {
	clock bool
	q     int32
}

// afterDate puts a date and a T before times.
func afterDate(clock *dfa.DFA) (*dfa.DFA, error) {
	date, err := dfa.Regexp(fDate)
	if err != nil {
		return nil, err
	}
	cuts := append([]rune{'+', '+' + 1, ':', ':' + 1, 'T', 'T' + 1, 'Z', 'Z' + 1, 't', 't' + 1, 'z', 'z' + 1}, digitCuts...)
	return dfa.Build(dateTimeState{q: date.Start()}, cuts, func(s dateTimeState, r rune) (dateTimeState, bool) {
		if s.clock {
			s.q = clock.Step(s.q, r)
			return s, s.q != dfa.Dead
		}
		if date.Accepts(s.q) {
			return dateTimeState{true, clock.Start()}, r == 'T' || r == 't'
		}
		s.q = date.Step(s.q, r)
		return s, s.q != dfa.Dead
	}, func(s dateTimeState) int32 {
		if s.clock && clock.Accepts(s.q) {
			return 0
		}
		return dfa.NoLabel
	})
}
