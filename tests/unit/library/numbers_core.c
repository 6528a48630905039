/*
 * tests/unit/library/numbers_core.c - numbers of the core.
 */
#include "quote/eventlog/appraise.h"
#include "quote/result/svid/svid.h"
#include "quote/result/token/token.h"
#include "tests/unit/library/numbers.h"

const struct number numbers_core[NUMBER_COUNT] = { NUMBERS(NUMBER_ROW) };
