"""The page to delete one's own account."""

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
    """Delete one's account after entering one's email. Show why not if that isn't possible."""
    user = current_user(request)
    refusal = account_deletion.refusal(user)
    form = DeleteAccountForm(request.POST or None, user=user)
    if request.method == "POST" and not refusal and form.is_valid():
        try:
            account_deletion.delete(user=user)
        except Refused as refused:
            refusal = str(refused)
        else:
            logout(request)
            messages.success(request, "Your account was deleted.")
            return redirect("account_login")
    context = {"form": form, "refusal": refusal}
    return render(request, "accounts/delete_account.html", context, title="Delete account")
