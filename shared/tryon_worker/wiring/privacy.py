"""Puts together what shoppers may ask for: to be forgotten, and what is held about them."""

from functools import cached_property

from tryon_worker.store.redactions import Redactions
from tryon_worker.usecases.erase import Erase
from tryon_worker.usecases.holdings import Holdings
from tryon_worker.usecases.in_flight import IN_FLIGHT_SECONDS, InFlight
from tryon_worker.usecases.redact_shop import RedactShop
from tryon_worker.usecases.report import EndReports, Report, TellReport
from tryon_worker.usecases.sweep import Sweep
from tryon_worker.usecases.take_privacy_request import TakePrivacyRequest
from tryon_worker.wiring.try_ons import TryOns


class Privacy(TryOns):
    """The use cases of the erasure Lambda."""

    @property
    def _late_seconds(self) -> int:
        """From a submit until its generation can surely leave nothing more at Genlook."""
        return self.settings.tryon_deadline_seconds + self.settings.late_margin_seconds

    @cached_property
    def erase(self) -> Erase:
        """Erases shoppers."""
        end_reports = EndReports(self.reports, self.refusals, self._tell_report)
        in_flight = InFlight(
            self.bulk,
            self.photos,
            self.shoppers,
            end_reports,
            self.clock,
            self._late_seconds,
        )
        sweep = Sweep(
            self.bulk,
            self.photos,
            self.photo_bucket,
            self.result_bucket,
            self.door,
            end_reports,
        )
        return Erase(
            erasures=self.erasures,
            in_flight=in_flight,
            sweep=sweep,
            free_call=self.free_call,
            publisher=self.publisher,
            identities=self.identities,
            delete_customer=self.genlook.delete_customer,
            clock=self.clock,
        )

    @property
    def _tell_report(self) -> TellReport:
        return TellReport(self.publisher, self.result_bucket.name)

    @cached_property
    def report(self) -> Report:
        """Answers what is held about a shopper."""
        holdings = Holdings(
            self.table,
            self.bulk,
            self.photos,
            self.photo_bucket,
            self.result_bucket,
            self.clock,
            self.settings.keep_for_days,
        )
        return Report(
            self.reports,
            holdings,
            self.result_bucket,
            self._tell_report,
            self.identities,
            self.clock,
            self.settings.keep_for_days,
        )

    @cached_property
    def redact_shop(self) -> RedactShop:
        """Forgets a whole shop."""
        return RedactShop(
            redactions=Redactions(self.table),
            erasures=self.erasures,
            bulk=self.bulk,
            photo_bucket=self.photo_bucket,
            result_bucket=self.result_bucket,
            erasure_queue=self.erasure_queue,
            publisher=self.publisher,
            identities=self.identities,
            clock=self.clock,
            late_seconds=self._late_seconds + IN_FLIGHT_SECONDS,
        )

    @cached_property
    def take_privacy_request(self) -> TakePrivacyRequest:
        """Takes in what is asked about shoppers."""
        return TakePrivacyRequest(
            self.erase,
            self.report,
            self.redact_shop,
            self.refusals,
            self.settings.allowed_sources,
            self.settings.shop_domain,
        )
