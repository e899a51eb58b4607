/* processors.h - a function that is compiled for several processors, of which one is chosen at
 * start; plain C everywhere else. For loops that the compiler can do many steps of at once. */
#ifndef LIB_BASE_PROCESSORS_H
#define LIB_BASE_PROCESSORS_H

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_SEVERAL_PROCESSORS __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define FOR_SEVERAL_PROCESSORS
#endif

#endif
