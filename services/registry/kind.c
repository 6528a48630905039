/*
 * services/registry/kind.c - names of the kinds of service records (docs/services.md 7).
 */
#include "services/registry/kind.h"

#include <stddef.h>

#define ASSAY_SERVICE_WORD(symbol, number, family, word) [number] = (word),
static const char *const words[] = { ASSAY_SERVICE_KINDS(ASSAY_SERVICE_WORD) };
#undef ASSAY_SERVICE_WORD
#define ASSAY_SERVICE_FAMILY(symbol, number, family, word) [number] = (family),
static const enum assay_service_family families[] = { ASSAY_SERVICE_KINDS(ASSAY_SERVICE_FAMILY) };
#undef ASSAY_SERVICE_FAMILY

enum assay_service_family assay_registry_kind_family(unsigned kind)
{
    return kind < ASSAY_SERVICE_KIND_COUNT ? families[kind] : ASSAY_FAMILY_NONE;
}

const char *assay_registry_kind_name(unsigned kind)
{
    return kind < sizeof words / sizeof *words ? words[kind] : NULL;
}
