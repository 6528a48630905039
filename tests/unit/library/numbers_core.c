/*
 * tests/unit/library/numbers_core.c - the numbers as the core has them.
 */
#include "quote/eventlog/appraise.h"
#include "tests/unit/library/numbers.h"

const struct number numbers_core[NUMBER_COUNT] = { NUMBERS(NUMBER_ROW) };
