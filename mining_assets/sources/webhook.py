"""Posting an alert to a webhook, in the JSON that Slack accepts too."""

import httpx


class WebhookError(Exception):
    """The webhook did not take the alert. The message holds no part of its address, which may be a secret."""


def post_alert(url: str, text: str, cause: str, link: str | None) -> None:
    """Post an alert.

    Raises:
        WebhookError: it could not be delivered.
    """
    try:
        answer = httpx.post(url, json={"text": text, "cause": cause, "link": link}, timeout=10, follow_redirects=False)
    except httpx.HTTPError as error:
        raise WebhookError(f"the webhook could not be reached: {type(error).__name__}") from None
    if not answer.is_success:
        raise WebhookError(f"the webhook answered HTTP {answer.status_code}")
