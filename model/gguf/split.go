package gguf

import (
	"errors"
	"fmt"
	"math"
	"strings"
)

// The keys of split models.
const (
	keySplitNo      = "split.no"
	keySplitCount   = "split.count"
	keySplitTensors = "split.tensors.count"
)

// maxParts is the greatest number of parts: split.count is a uint16.
const maxParts = 1<<16 - 1

// splitInfo is what a part says about the model it belongs to.
type splitInfo struct{ no, count, tensors int }

// splitOf reads the split keys of the file called name; count is 1 for a model in one file.
func splitOf(name string, m *Meta) (s splitInfo, err error) {
	if s.count, err = splitInt(name, m, keySplitCount, 0, maxParts, 0); err != nil {
		return s, err
	}
	if s.count <= 1 {
		return splitInfo{count: 1, tensors: -1}, nil
	}
	if s.no, err = splitInt(name, m, keySplitNo, 0, s.count-1, -1); err != nil {
		return s, err
	}
	s.tensors, err = splitInt(name, m, keySplitTensors, 0, math.MaxInt32, -1)
	return s, err
}

// splitInt returns an integer from low to high. A missing one is absent, or an error when absent is negative.
func splitInt(name string, m *Meta, key string, low, high, absent int) (int, error) {
	n, err := m.Int(key)
	var ke *KeyError
	switch {
	case errors.Is(err, ErrMissing) && absent >= 0:
		return absent, nil
	case errors.Is(err, ErrMissing):
		err = fmt.Errorf("%w: missing, expected %d to %d", ErrSplit, low, high)
	case errors.As(err, &ke):
		err = fmt.Errorf("%w: found %s, expected %d to %d", ErrSplit, ke.Found, low, high)
	case n < low || n > high:
		err = fmt.Errorf("%w: found %d, expected %d to %d", ErrSplit, n, low, high)
	default:
		return n, nil
	}
	return 0, &FormatError{File: name, Key: key, Offset: -1, Err: err}
}

// partName returns the name of part no of count, counted from 0.
func partName(prefix string, no, count int) string {
	return fmt.Sprintf("%s-%05d-of-%05d.gguf", prefix, no+1, count)
}

// prefixOf returns what the names of all parts begin with, given the name of one.
func prefixOf(name string, s splitInfo) (string, error) {
	suffix := partName("", s.no, s.count)
	prefix, ok := strings.CutSuffix(name, suffix)
	if !ok {
		return "", fmt.Errorf("gguf: %s: %w: by its metadata this is part %d of %d, expected a name that ends in %q",
			name, ErrSplit, s.no+1, s.count, suffix)
	}
	return prefix, nil
}

// check compares what a part says with what it must say.
func (s splitInfo) check(name string, want splitInfo) error {
	var err error
	switch {
	case s.count == 1:
		err = fmt.Errorf("%w: this is a model in one file, expected part %d of %d", ErrSplit, want.no+1, want.count)
	case s.no != want.no || s.count != want.count:
		err = fmt.Errorf("%w: this is part %d of %d, expected part %d of %d", ErrSplit, s.no+1, s.count, want.no+1, want.count)
	case s.tensors != want.tensors:
		err = fmt.Errorf("%w: this is a part of a model of %d tensors, expected %d", ErrSplit, s.tensors, want.tensors)
	default:
		return nil
	}
	return &FormatError{File: name, Offset: -1, Err: err}
}
