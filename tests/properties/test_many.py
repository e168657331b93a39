"""The properties once more, on many more examples: minutes, behind the marker `slow`."""

import pytest
import test_backends
import test_enumeration
import test_names
import test_networks
import test_random_initial
import test_theorems
from hypothesis import given, settings
from hypothesis import strategies as st

LAWS = (
    test_enumeration.test_any_quantity_of_any_problem,
    test_enumeration.test_loss_needs_moments_of_order_four,
    test_enumeration.test_one_layer_networks_with_several_outputs,
    test_networks.test_components_on_random_networks,
    test_random_initial.test_independent_signs,
    test_random_initial.test_gaussian_with_mean_and_covariance,
    test_random_initial.test_only_mean_and_covariance_known,
    test_theorems.test_lemma_3_1,
    test_theorems.test_theorem_3_2_corrected,
    test_theorems.test_theorem_3_3_norms_decrease_in_the_batch_size,
    test_theorems.test_theorem_3_4_and_corollary_3_5_variances_decrease_in_the_batch_size,
    test_backends.test_three_backends_agree,
    test_names.test_random_names_and_assumptions,
)


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_holds_for_many_examples(law):
    @settings(max_examples=600)
    @given(st.data())
    def again(data):
        law.hypothesis.inner_test(data)

    again()
