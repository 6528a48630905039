/*
 * apps/assay/collateral/collateral_needs.h - requirements of each vendor's evidence on a folder of
 * collateral, and parts that the folder lacks.
 */
#ifndef ASSAY_APPS_ASSAY_COLLATERAL_COLLATERAL_NEEDS_H
#define ASSAY_APPS_ASSAY_COLLATERAL_COLLATERAL_NEEDS_H

#include "apps/assay/collateral/collateral_set.h"
#include "apps/assay/core/input_files.h"
#include "net/json/json.h"
#include "quote/collateral/collateral.h"

/* What a folder holds: manifests are signed under a root of their own, and so is what is about
 * devices that come with a quote of Intel's. */
struct assay_collateral_bundles {
    struct assay_collateral main;
    bool is_rooted;                  /* a certificate leads to the root of main, or there is none */
    struct assay_collateral devices; /* when has_devices */
    bool has_devices;
    struct assay_collateral manifests; /* when is_apart */
    bool is_apart;
};

/*
 * cli_collateral_needs - judge whether the folder has what evidence needs. A folder alone decides
 * this of Intel's collateral; of every other vendor's it depends on the evidence (its device, its
 * versions, what it brings along).
 * In:      given: the pieces of the folder
 * Out:     data has families[], needs[] (of each family except Intel's, as text) and missing[];
 *          under an untrusted root nothing is called missing, because nothing here counts
 * Returns: ASSAY_COLLATERAL_COMPLETE: nothing is missing, everything verifies, and no more is
 *          needed, whatever the evidence
 */
enum assay_completeness cli_collateral_needs(const struct assay_collateral_bundles *b,
                                             const struct assay_recognition *given,
                                             struct assay_json *data);

#endif
