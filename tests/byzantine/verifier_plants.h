/*
 * tests/byzantine/verifier_plants.h - verifier processes that fail on purpose, for
 * `assayd-byzantine` and tests.
 */
#ifndef ASSAY_TESTS_BYZANTINE_VERIFIER_PLANTS_H
#define ASSAY_TESTS_BYZANTINE_VERIFIER_PLANTS_H

#include "net/verifier/verifier_process.h"

/*
 * The verifier process of a daemon can be set to fail: ASSAY_BYZANTINE_VERIFIER is "PLANT:N", for
 * about one quote of N, the same ones whenever they come. Plants: verifier_plants.c.
 * Returns: that text, NULL when its judge is as good as any.
 */
const char *assay_byzantine_verifier(void);
/* Returns: the function of a verifier process with that argument; NULL: of a correct one. */
assay_verifier_process_function *assay_byzantine_verify(const char *argument);
/* Of a judge whose evidence is the name of a plant, and a space; "good" and what follows it gets a
 * verdict with these bytes for its report data. */
enum assay_status assay_planted_verify(struct assay_verifier *verifier,
                                       const struct assay_evidence_request *request,
                                       struct assay_verdict *verdict);

#endif
