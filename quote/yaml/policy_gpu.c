/*
 * quote/yaml/policy_gpu.c - rules of a policy file about NVIDIA's devices, read and written.
 */
#include "quote/yaml/policy_internal.h"

#include "base/assert.h"

#include <stdio.h>
#include <string.h>

typedef const char *name_of(unsigned number);

static const char *architecture_name(unsigned number)
{
    return assay_gpu_architecture_name((enum assay_gpu_architecture)number);
}

static const char *mode_name(unsigned number)
{
    return assay_gpu_mode_name((enum assay_gpu_mode)number);
}

/* A list of names into bits; no list leaves them as they are. */
static enum assay_status take_names(const struct assay_yaml *file, const char *key,
                                    char *const *names, unsigned count, name_of *name,
                                    unsigned known, uint8_t *bits)
{
    char path[ASSAY_YAML_KEY_MAX];
    ASSAY_ASSERT(known <= 8 && (names != NULL || count == 0));
    if (names != NULL) *bits = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned number = 0;
        while (number < known && strcmp(names[i], name(number)) != 0)
            number += 1;
        (void)snprintf(path, sizeof path, "%s[%u]", key, i);
        if (number == known)
            return assay_yaml_fail(file, ASSAY_E_SYNTAX, path, "\"%.40s\" is no name of this list",
                                   names[i]);
        *bits |= (uint8_t)(1u << number);
    }
    return ASSAY_OK;
}

enum assay_status assay_yaml_take_gpu(const struct assay_yaml *file, const struct yaml_policy *yaml,
                                      struct assay_gpu_rules *rules)
{
    ASSAY_TRY(take_names(file, "gpu_architectures", yaml->gpu_architectures,
                         yaml->gpu_architectures_count, architecture_name, ASSAY_GPU_ARCHITECTURES,
                         &rules->architectures));
    ASSAY_TRY(take_names(file, "gpu_modes", yaml->gpu_modes, yaml->gpu_modes_count, mode_name,
                         ASSAY_GPU_MODES, &rules->modes));
    const char *const driver = yaml->gpu_driver_min, *const hold = yaml->gpu_certificate_hold;
    if (driver != NULL &&
        assay_gpu_version_parse(driver, strlen(driver), &rules->driver_min) != ASSAY_OK)
        return assay_yaml_fail(file, ASSAY_E_SYNTAX, "gpu_driver_min",
                               "expected a version such as \"550.90.07\", found \"%.40s\"", driver);
    if (hold == NULL) return ASSAY_OK;
    rules->allow_certificate_hold = strcmp(hold, "warning") == 0;
    if (!rules->allow_certificate_hold && strcmp(hold, "refused") != 0)
        return assay_yaml_fail(file, ASSAY_E_SYNTAX, "gpu_certificate_hold",
                               "expected refused or warning, found \"%.40s\"", hold);
    return ASSAY_OK;
}

/* --- and back */
static void put_text(struct assay_writer *w, const char *text)
{
    assay_writer_put(w, (const uint8_t *)text, strlen(text));
}

static void put_names(struct assay_writer *w, const char *key, uint8_t bits, name_of *name,
                      unsigned known)
{
    bool is_first = true;
    put_text(w, key);
    put_text(w, ": [");
    for (unsigned i = 0; i < known; i++) {
        if (((unsigned)bits >> i & 1u) == 0) continue;
        if (!is_first) put_text(w, ", ");
        put_text(w, name(i));
        is_first = false;
    }
    put_text(w, "]\n");
}

void assay_yaml_put_gpu(const struct assay_gpu_rules *rules, struct assay_writer *w)
{
    static const struct assay_gpu_version none = { { 0 } };
    char text[64];
    put_names(w, "gpu_architectures", rules->architectures, architecture_name,
              ASSAY_GPU_ARCHITECTURES);
    put_names(w, "gpu_modes", rules->modes, mode_name, ASSAY_GPU_MODES);
    put_text(w, rules->allow_certificate_hold ? "gpu_certificate_hold: warning\n"
                                              : "gpu_certificate_hold: refused\n");
    if (assay_gpu_version_compare(&rules->driver_min, &none) == 0) return;
    const uint32_t *const p = rules->driver_min.parts;
    (void)snprintf(text, sizeof text, "gpu_driver_min: \"%lu.%lu.%lu.%lu\"\n", (unsigned long)p[0],
                   (unsigned long)p[1], (unsigned long)p[2], (unsigned long)p[3]);
    put_text(w, text);
}
