/*
 * services/registry/kind.c - kinds of service records by their words (docs/services.md 7).
 */
#include "services/registry/kind.h"

#include <stddef.h>

#define ASSAY_SERVICE_WORD(symbol, number, word) [number] = (word),
static const char *const words[] = { ASSAY_SERVICE_KINDS(ASSAY_SERVICE_WORD) };
#undef ASSAY_SERVICE_WORD

const char *assay_service_kind_name(unsigned kind)
{
    return kind < sizeof words / sizeof *words ? words[kind] : NULL;
}
