package backend_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/seed64708441/ember/backend"
	"github.com/seed64708441/ember/tensor"
)

// TestCacheType checks that every cache type has the name of a type of package tensor.
func TestCacheType(t *testing.T) {
	var f backend.Footprint
	for i := range f.PageBytes {
		kind := backend.CacheType(i)
		if d, err := tensor.ParseDType(kind.String()); err != nil || d.String() != kind.String() {
			t.Errorf("cache type %d is called %v: %v", i, kind, err)
		}
	}
	if s := backend.CacheType(len(f.PageBytes)).String(); s != fmt.Sprintf("CacheType(%d)", len(f.PageBytes)) {
		t.Errorf("the type after the last is called %s: Footprint.PageBytes has no entry for it", s)
	}
	if backend.CacheType(0) != backend.CacheF16 {
		t.Error("the zero CacheType is not F16")
	}
}

// TestErrors checks that the sentinels are told apart and name their package.
func TestErrors(t *testing.T) {
	all := []error{backend.ErrUnavailable, backend.ErrUnsupported, backend.ErrClosed, backend.ErrCacheFull}
	for i, a := range all {
		for j, b := range all {
			if errors.Is(fmt.Errorf("place: %w", a), b) != (i == j) {
				t.Errorf("%v and %v are not told apart", a, b)
			}
		}
		if len(a.Error()) < 10 || a.Error()[:9] != "backend: " {
			t.Errorf("%v does not name its package", a)
		}
	}
}
