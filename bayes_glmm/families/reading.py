"""What a family's predictor says of the response, in words and in what can be averaged."""

from __future__ import annotations

RATIOS = {
    ("logit", True): ("odds ratio", "odds"),
    ("log", True): ("incidence rate ratio", "rate"),
    ("log", False): ("ratio of {}s", "{}"),
    ("cloglog", True): ("hazard ratio", "hazard"),
}
"""What exponentiated coefficients and intercepts are, by link and whether responses are discrete."""


class Reading:
    """How the predictor of a family is read."""

    discrete: bool = False
    reports: str = "mean"
    """What predictions of the kind ``expected`` report of the response."""
    circular: bool = False
    """Whether the response is an angle, which has a mean direction and no plain mean."""
    location: str = "mean"
    """What ``mu`` is of the responses that :attr:`part` names."""
    part: str = ""
    """Which responses ``mu`` is of, where it is not of all of them."""
    rates: bool = True
    """Whether counts on the log link have ratios of rates: not where zeros are cut off."""
    reverse: bool = False
    """Whether hazards fall where the predictor rises."""
    corners: bool = False
    """Whether the log-density has corners, where no second derivative helps to find its top."""
    endless: tuple[str, ...] = ()
    """Parameters whose normal effects, on the log link, leave the response no mean over groups."""

    def ratios(self, link: str) -> tuple[str, str] | None:
        """Name what exponentiated coefficients are, and what the intercept is.

        Parameters
        ----------
        link : str
            Of the mean.

        Returns
        -------
        tuple of str, or None
            None where they have no multiplicative reading.
        """
        found = RATIOS.get((link, self.discrete and (self.rates or link != "log")))
        if found is None:
            return None
        tail = f", {self.part}" if self.part else ""
        return f"{found[0].format(self.location)}{tail}", f"{found[1].format(self.location)}{tail}"

    def sign(self, link: str) -> int:
        """Return -1 where a ratio is the exponential of minus a coefficient, else 1.

        Parameters
        ----------
        link : str
            Name of the link.

        Returns
        -------
        int
            Of the exponent.
        """
        return -1 if self.reverse and link == "cloglog" else 1
