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
enum {
    ASSAY_GPU_MODES = 4,
    ASSAY_GPU_VERSION_PARTS = 4,
    ASSAY_GPU_FIRMWARE_PARTS = 5,
    ASSAY_GPU_FIRMWARES_MAX = 4, /* families of boards in one policy */
};

/* A version of a driver, "550.90.07": its numbers; all zero: none. */
struct assay_gpu_version {
    uint32_t parts[ASSAY_GPU_VERSION_PARTS];
};

/* A version of firmware, "96.00.9F.00.04": hexadecimal. The first two numbers are the family of its
 * boards, and versions of one family alone can be compared. */
struct assay_gpu_firmware {
    uint8_t parts[ASSAY_GPU_FIRMWARE_PARTS];
};

/* How many devices of one sort come with a member's evidence. */
struct assay_gpu_span {
    uint8_t least, most;
};

struct assay_gpu_rules {
    uint8_t architectures;               /* bits; default every one */
    uint8_t modes;                       /* bits; default every one */
    bool allow_certificate_hold;         /* a certificate on hold is a warning; default false */
    struct assay_gpu_version driver_min; /* default none */
    /* Least versions, one for each family; where there is one, other families are refused. */
    uint32_t firmware_count; /* default 0 */
    struct assay_gpu_firmware firmware_min[ASSAY_GPU_FIRMWARES_MAX];
    /* Of a member; default none, and evidence with devices is then malformed, as it is to nodes
     * that do not know them. */
    struct assay_gpu_span gpus, switches;
    bool packed; /* they may travel packed (quote/verify/device_set.h); default false */
};

/* Returns: the rules of a policy that says nothing about GPUs. */
struct assay_gpu_rules assay_gpu_rules_default(void);
/* Returns: true when they are those. */
bool assay_gpu_rules_are_default(const struct assay_gpu_rules *rules);
/* Any number of devices, packed or not, as without a policy. */
void assay_gpu_rules_accept_devices(struct assay_gpu_rules *rules);
/* Are they default but for what a policy could say before devices came with members? Returns: true
 * if so. */
bool assay_gpu_rules_are_of_reports(const struct assay_gpu_rules *rules);
/* Returns: ASSAY_OK | ASSAY_E_RANGE (bits without a meaning, or none at all; packed
 * devices where none are accepted) */
ASSAY_CHECKED enum assay_status assay_gpu_rules_check(const struct assay_gpu_rules *rules);

/* Returns: "hopper", "blackwell", "ls10". */
const char *assay_gpu_architecture_name(enum assay_gpu_architecture architecture);
/* Returns: "single", "multi", "protected-pcie", "unknown". */
const char *assay_gpu_mode_name(enum assay_gpu_mode mode);
/* One to four numbers with dots between. Returns: ASSAY_OK | ASSAY_E_SYNTAX | ASSAY_E_RANGE */
ASSAY_CHECKED enum assay_status assay_gpu_version_parse(const char *text, size_t len,
                                                        struct assay_gpu_version *out);
/* Five numbers of one or two hexadecimal digits, in either case.
 * Returns: ASSAY_OK | ASSAY_E_SYNTAX */
ASSAY_CHECKED enum assay_status assay_gpu_firmware_parse(const char *text, size_t len,
                                                         struct assay_gpu_firmware *out);
/*
 * assay_gpu_firmware_least - the entry of the policy for the family of a version.
 * Returns: NULL when there is none
 */
const struct assay_gpu_firmware *assay_gpu_firmware_least(const struct assay_gpu_rules *rules,
                                                          const struct assay_gpu_firmware *version);
/* Returns: <0, 0, >0 */
int assay_gpu_firmware_compare(const struct assay_gpu_firmware *a,
                               const struct assay_gpu_firmware *b);
/* Returns: <0, 0, >0 */
int assay_gpu_version_compare(const struct assay_gpu_version *a, const struct assay_gpu_version *b);

#endif
