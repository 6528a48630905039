/*
 * tests/unit/library/numbers_public.c - numbers of the public header: no header of the core here.
 */
#include "tests/unit/library/numbers.h"

#include <assay/assay.h>
#include <assay/permit.h>
#include <assay/standing.h>

const struct number numbers_public[NUMBER_COUNT] = { NUMBERS(NUMBER_ROW) };
