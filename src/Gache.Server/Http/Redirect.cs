using System.Text;
using Gache.Server.Http.Problems;

namespace Gache.Server.Http;

/// <summary>Sends a client to the leader: 307 keeps method and body (RFC 9110, 15.4.8).</summary>
internal static class Redirect
{
    /// <summary>Answers 307 with the very same target at the leader's advertised API address, or 411 where the body could not be sent twice.</summary>
    public static Task SendAsync(HttpContext context, string leaderApi)
    {
        HttpRequest request = context.Request;
        if (IsStreamed(request))
        {
            context.Response.Headers.Connection = "close"; // what is still to come of the body is not waited for
            return ProblemAnswer.SendAsync(
                context, ProblemTable.LengthRequired,
                $"the shard's leader is at http://{leaderApi}, and a body without Content-Length cannot be sent again there: say its length, or ask the leader");
        }

        string location = string.Concat("http://", leaderApi, Target.OriginForm(RawTarget.Of(context)));
        HttpResponse response = context.Response;
        response.StatusCode = StatusCodes.Status307TemporaryRedirect;
        response.Headers.Location = location;
        response.Headers.ContentType = Headers.PlainText;
        byte[] words = Encoding.UTF8.GetBytes(
            $"Nothing was done: this node does not lead the key's shard. Ask its leader: {location}\n(curl -L does so by itself.)\n");
        response.ContentLength = words.Length;
        return request.Method == HttpMethods.Head ? Task.CompletedTask : response.Body.WriteAsync(words).AsTask();
    }

    /// <summary>True if the request has a body whose end is told only by its end: <c>curl -L</c> would send nothing the second time.</summary>
    public static bool IsStreamed(HttpRequest request) => request.ContentLength is null && request.Headers.TransferEncoding.Count > 0;
}
