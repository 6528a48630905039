/*
 * tests/support/services/registry_world_public.h - random records of public attempts of a reshare
 * (docs/services.md 5.17), in the modelled group.
 */
#ifndef ASSAY_TESTS_SUPPORT_REGISTRY_WORLD_PUBLIC_H
#define ASSAY_TESTS_SUPPORT_REGISTRY_WORLD_PUBLIC_H

#include "tests/support/services/registry_world.h"

/* What a slot may say now: a key, a dealing or a dispute. Returns: false when that is nothing. */
bool registry_world_public(struct registry_world *w, const struct assay_share_registry *s,
                           uint32_t cluster, uint32_t slot, struct registry_record *out);

#endif
