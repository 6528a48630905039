# tests/integration/sim/figures.awk - of what `assay-sim run` prints: the table of cohorts, figures of the
# network and the hashes by which a run is known again, as they stand in the pages of docs/scenarios/.
/^cohort / { on = 1 }
/^$/ { on = 0 }
on { sub(/ +$/, ""); print }
/^(state_root|root_chain|trace_hash|epochs|epochs_certified|epochs_held|unjust_drops|unjust_offences|crashes|recovered|progress_epochs) / { print }
