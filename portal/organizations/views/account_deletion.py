"""The page on which people delete their own account."""

from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from portal.accounts.forms import DeleteAccountForm
from portal.accounts.guard import current_user, signed_in
from portal.accounts.reauthentication import require_confirmation
from portal.core.errors import Refused
from portal.core.pages import render
from portal.organizations import account_deletion


@signed_in
@require_confirmation
def delete_account(request: HttpRequest) -> HttpResponse:
    """Delete one's account, after typing one's address; a page that says why not where that cannot be."""
    user = current_user(request)
    sentence = account_deletion.refusal(user)
    form = DeleteAccountForm(request.POST or None, user=user)
    if request.method == "POST" and not sentence and form.is_valid():
        try:
            account_deletion.delete(user=user)
        except Refused as refused:
            sentence = str(refused)
        else:
            logout(request)
            messages.success(request, "Your account is deleted.")
            return redirect("account_login")
    context = {"form": form, "sentence": sentence}
    return render(request, "accounts/delete_account.html", context, title="Delete your account")
