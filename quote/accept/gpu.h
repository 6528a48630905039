/*
 * quote/accept/gpu.h - rules of a policy about NVIDIA's devices: architectures, modes, drivers.
 */
#ifndef ASSAY_QUOTE_ACCEPT_GPU_H
#define ASSAY_QUOTE_ACCEPT_GPU_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Numbers are bits of a mask (never reused). */
enum assay_gpu_architecture {
    ASSAY_GPU_HOPPER = 0,
    ASSAY_GPU_BLACKWELL = 1,
    ASSAY_GPU_LS10 = 2, /* the NVSwitch of Hopper systems */
};
enum { ASSAY_GPU_ARCHITECTURES = 3 };

/* What a GPU is set up for; numbers are those of reports, and bits of a mask. */
enum assay_gpu_mode {
    ASSAY_GPU_MODE_SINGLE = 0,         /* one GPU passed through */
    ASSAY_GPU_MODE_MULTI = 1,          /* several, with encrypted links between them */
    ASSAY_GPU_MODE_PROTECTED_PCIE = 2, /* several, over switches */
    ASSAY_GPU_MODE_UNKNOWN = 3,        /* the report does not say, or another one */
};
enum { ASSAY_GPU_MODES = 4, ASSAY_GPU_VERSION_PARTS = 4 };

/* A version of a driver, "550.90.07": its numbers; all zero: none. */
struct assay_gpu_version {
    uint32_t parts[ASSAY_GPU_VERSION_PARTS];
};

struct assay_gpu_rules {
    uint8_t architectures;               /* bits; default every one */
    uint8_t modes;                       /* bits; default every one */
    bool allow_certificate_hold;         /* a certificate on hold is a warning; default false */
    struct assay_gpu_version driver_min; /* default none */
};

/* Returns: the rules of a policy that says nothing about GPUs. */
struct assay_gpu_rules assay_gpu_rules_default(void);
/* Returns: true when they are those. */
bool assay_gpu_rules_are_default(const struct assay_gpu_rules *rules);
/* Returns: ASSAY_OK | ASSAY_E_RANGE (bits without a meaning, or none at all) */
ASSAY_CHECKED enum assay_status assay_gpu_rules_check(const struct assay_gpu_rules *rules);

/* Returns: "hopper", "blackwell", "ls10". */
const char *assay_gpu_architecture_name(enum assay_gpu_architecture architecture);
/* Returns: "single", "multi", "protected-pcie", "unknown". */
const char *assay_gpu_mode_name(enum assay_gpu_mode mode);
/* One to four numbers with dots between. Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_gpu_version_parse(const char *text, size_t len,
                                                        struct assay_gpu_version *out);
/* Returns: <0, 0, >0 */
int assay_gpu_version_compare(const struct assay_gpu_version *a, const struct assay_gpu_version *b);

#endif
