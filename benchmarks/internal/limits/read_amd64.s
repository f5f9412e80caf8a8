//go:build !purego

#include "textflag.h"

// The four streams are walked by 64 bytes a round; 4096 bytes ahead of each, the next lines are asked for to the second-level
// cache, and 2048 bytes ahead to the first.

// func readAVX2(p unsafe.Pointer, n, stride int) uint64
TEXT ·readAVX2(SB), NOSPLIT, $0-32
	MOVQ  p+0(FP), AX
	MOVQ  n+8(FP), CX
	MOVQ  stride+16(FP), DX
	LEAQ  (DX)(DX*2), BX
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3
	VPXOR Y4, Y4, Y4
	VPXOR Y5, Y5, Y5
	VPXOR Y6, Y6, Y6
	VPXOR Y7, Y7, Y7
	SHRQ  $6, CX
	JZ    done

loop:
	PREFETCHT0 2048(AX)
	PREFETCHT1 4096(AX)
	PREFETCHT0 2048(AX)(DX*1)
	PREFETCHT1 4096(AX)(DX*1)
	PREFETCHT0 2048(AX)(DX*2)
	PREFETCHT1 4096(AX)(DX*2)
	PREFETCHT0 2048(AX)(BX*1)
	PREFETCHT1 4096(AX)(BX*1)
	VPADDQ     (AX), Y0, Y0
	VPADDQ     (AX)(DX*1), Y1, Y1
	VPADDQ     (AX)(DX*2), Y2, Y2
	VPADDQ     (AX)(BX*1), Y3, Y3
	VPADDQ     32(AX), Y4, Y4
	VPADDQ     32(AX)(DX*1), Y5, Y5
	VPADDQ     32(AX)(DX*2), Y6, Y6
	VPADDQ     32(AX)(BX*1), Y7, Y7
	ADDQ       $64, AX
	DECQ       CX
	JNZ        loop

done:
	VPADDQ       Y4, Y0, Y0
	VPADDQ       Y5, Y1, Y1
	VPADDQ       Y6, Y2, Y2
	VPADDQ       Y7, Y3, Y3
	VPADDQ       Y2, Y0, Y0
	VPADDQ       Y3, Y1, Y1
	VPADDQ       Y1, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDQ       X1, X0, X0
	VPSRLDQ      $8, X0, X1
	VPADDQ       X1, X0, X0
	VMOVQ        X0, ret+24(FP)
	VZEROUPPER
	RET

// func readAVX512(p unsafe.Pointer, n, stride int) uint64
TEXT ·readAVX512(SB), NOSPLIT, $0-32
	MOVQ   p+0(FP), AX
	MOVQ   n+8(FP), CX
	MOVQ   stride+16(FP), DX
	LEAQ   (DX)(DX*2), BX
	VPXORQ Z0, Z0, Z0
	VPXORQ Z1, Z1, Z1
	VPXORQ Z2, Z2, Z2
	VPXORQ Z3, Z3, Z3
	SHRQ   $6, CX
	JZ     done

loop:
	PREFETCHT0 2048(AX)
	PREFETCHT1 4096(AX)
	PREFETCHT0 2048(AX)(DX*1)
	PREFETCHT1 4096(AX)(DX*1)
	PREFETCHT0 2048(AX)(DX*2)
	PREFETCHT1 4096(AX)(DX*2)
	PREFETCHT0 2048(AX)(BX*1)
	PREFETCHT1 4096(AX)(BX*1)
	VPADDQ     (AX), Z0, Z0
	VPADDQ     (AX)(DX*1), Z1, Z1
	VPADDQ     (AX)(DX*2), Z2, Z2
	VPADDQ     (AX)(BX*1), Z3, Z3
	ADDQ       $64, AX
	DECQ       CX
	JNZ        loop

done:
	VPADDQ        Z2, Z0, Z0
	VPADDQ        Z3, Z1, Z1
	VPADDQ        Z1, Z0, Z0
	VEXTRACTI64X4 $1, Z0, Y1
	VPADDQ        Y1, Y0, Y0
	VEXTRACTI128  $1, Y0, X1
	VPADDQ        X1, X0, X0
	VPSRLDQ       $8, X0, X1
	VPADDQ        X1, X0, X0
	VMOVQ         X0, ret+24(FP)
	VZEROUPPER
	RET
